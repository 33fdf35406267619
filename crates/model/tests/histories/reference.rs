//! The reference: the product's rules for grants and tokens on plain vectors, in milliseconds.
//!
//! It keeps everything for ever, looks everything up by its number, and knows no database, no hash and no type of
//! the implementation's.

use super::act::{APPS, Act, Client, Keeps, LISTINGS, OFFLINE, Outcome, PEOPLE, Proof, Scopes, Sent, Uri};

const SECOND: i64 = 1000;
const HOUR: i64 = 3600 * SECOND;
const DAY: i64 = 24 * HOUR;

/// What the roles have, in rising rank: Viewer, Operator, Organization Admin.
const ROLES: [Scopes; 3] = [1 | 2, 1 | 2 | 4, 1 | 2 | 4 | 8];

struct Person {
    rank: usize,
    is_disabled: bool,
}

struct App {
    listing: (Scopes, Scopes),
    has_loopback: bool,
    keeps: Keeps,
    is_deleted: bool,
}

struct Request {
    person: usize,
    app: usize,
    scopes: Scopes,
    /// As it was when the request came in.
    optional: Scopes,
    uri: Uri,
    proof: Proof,
    end: i64,
    is_decided: bool,
}

struct Grant {
    person: usize,
    app: usize,
    is_over: bool,
}

struct Consent {
    grant: usize,
    scopes: Scopes,
}

struct Family {
    consent: usize,
    end: i64,
    is_over: bool,
}

struct Code {
    family: usize,
    scopes: Scopes,
    uri: Uri,
    proof: Proof,
    end: i64,
    redeemed: Option<i64>,
    is_spoiled: bool,
}

struct Refresh {
    family: usize,
    scopes: Scopes,
    end: i64,
    /// When, and its successors.
    rotated: Option<(i64, usize, usize)>,
}

struct Access {
    family: usize,
    scopes: Scopes,
    end: i64,
    is_over: bool,
}

pub(crate) struct Reference {
    now: i64,
    people: Vec<Person>,
    apps: Vec<App>,
    requests: Vec<Request>,
    grants: Vec<Grant>,
    consents: Vec<Consent>,
    families: Vec<Family>,
    codes: Vec<Code>,
    refreshes: Vec<Refresh>,
    accesses: Vec<Access>,
}

/// The number of the thing so many before the newest.
pub(crate) fn numbered(back: usize, count: usize) -> Option<usize> {
    count.checked_sub(1).map(|newest| newest - back % count)
}

impl Reference {
    pub(crate) fn new() -> Self {
        let person = |rank| Person { rank, is_disabled: false };
        let app = |number: usize| App {
            listing: LISTINGS[number],
            has_loopback: true,
            keeps: Keeps::No,
            is_deleted: false,
        };
        Self {
            now: 0,
            people: (0..PEOPLE).map(|number| person(number % 2 + 1)).collect(),
            apps: (0..APPS).map(app).collect(),
            requests: Vec::new(),
            grants: Vec::new(),
            consents: Vec::new(),
            families: Vec::new(),
            codes: Vec::new(),
            refreshes: Vec::new(),
            accesses: Vec::new(),
        }
    }

    pub(crate) fn pass(&mut self, milliseconds: i64) {
        self.now += milliseconds;
    }

    pub(crate) fn act(&mut self, act: &Act) -> Outcome {
        match *act {
            Act::Begin { person, app, scopes, uri, proof } => self.begin((person, app), scopes, (uri, proof)),
            Act::Approve { request, ticked } => match numbered(request, self.requests.len()) {
                Some(request) => self.approve(request, ticked),
                None => Outcome::Skipped,
            },
            Act::Remember { person, app, scopes } => self.remember(person, app, scopes),
            Act::Redeem { code, by, proof, uri } => match numbered(code, self.codes.len()) {
                Some(code) => self.redeem(code, by, (proof, uri)),
                None => Outcome::Skipped,
            },
            Act::Refresh { token, by, scopes } => match numbered(token, self.refreshes.len()) {
                Some(token) => self.refresh(token, by, scopes),
                None => Outcome::Skipped,
            },
            Act::EndAccess { .. } | Act::EndRefresh { .. } => self.end_token(act),
            _ => self.change(act),
        }
    }

    fn change(&mut self, act: &Act) -> Outcome {
        match *act {
            Act::TakeBack { person, app } => return self.take_back(person, app),
            Act::SetRole { person, rank } => self.people[person].rank = rank,
            Act::Disable { person } => self.people[person].is_disabled = true,
            Act::Enable { person } => self.people[person].is_disabled = false,
            Act::Wait { milliseconds } => self.now += milliseconds,
            Act::Change { app, .. } | Act::Delete { app } if self.apps[app].is_deleted => {
                return Outcome::NotFound;
            }
            Act::Change { app, listing, uris, keeps } => {
                // A public client always rotates.
                let keeps = if app == APPS - 1 { Keeps::No } else { keeps };
                self.apps[app] =
                    App { listing: LISTINGS[listing], has_loopback: uris == 0, keeps, is_deleted: false };
            }
            Act::Delete { app } => {
                self.apps[app].is_deleted = true;
                self.grants
                    .iter_mut()
                    .filter(|grant| grant.app == app)
                    .for_each(|grant| grant.is_over = true);
            }
            _ => unreachable!("{act:?} is no change"),
        }
        Outcome::Done
    }

    fn begin(&mut self, who: (usize, usize), scopes: Scopes, asked: (Uri, Proof)) -> Outcome {
        match self.valid(who.1, scopes, asked) {
            Ok(scopes) => {
                let optional = scopes & self.apps[who.1].listing.1;
                let ((person, app), (uri, proof)) = (who, asked);
                let end = self.now + 600 * SECOND;
                let request = Request { person, app, scopes, optional, uri, proof, end, is_decided: false };
                self.requests.push(request);
                Outcome::Waiting
            }
            Err(outcome) => outcome,
        }
    }

    /// What is asked for, if it may be.
    fn valid(&self, app: usize, scopes: Scopes, (uri, proof): (Uri, Proof)) -> Result<Scopes, Outcome> {
        let is_public = app == APPS - 1;
        let app = &self.apps[app];
        let (required, optional) = app.listing;
        if app.is_deleted {
            return Err(Outcome::NoClient);
        }
        let is_registered = uri == Uri::Web || app.has_loopback;
        if !is_registered || scopes & !(required | optional) != 0 || (is_public && proof == Proof::None) {
            return Err(Outcome::BadRequest);
        }
        Ok(if scopes == 0 { required } else { scopes })
    }

    /// The role's scopes and lasting access, which no role needs.
    fn role(&self, person: usize) -> Option<Scopes> {
        let person = &self.people[person];
        (!person.is_disabled).then(|| ROLES[person.rank])
    }

    fn approve(&mut self, number: usize, ticked: Scopes) -> Outcome {
        let request = &self.requests[number];
        let (person, app) = (request.person, request.app);
        let (required, optional) = self.apps[app].listing;
        if request.is_decided || request.end <= self.now || self.apps[app].is_deleted {
            return Outcome::NotFound;
        }
        let Some(role) = self.role(person) else { return Outcome::NotFound };
        if required & !role & !OFFLINE != 0 {
            return Outcome::RoleLacks;
        }
        let shown = request.scopes & !request.optional;
        let given = (shown | (request.optional & ticked)) & (required | optional) & (role | OFFLINE);
        if given & !OFFLINE == 0 {
            return Outcome::NothingGiven;
        }
        let (left_out, bound) = (request.scopes & !given, (request.uri, request.proof));
        self.requests[number].is_decided = true;
        let consent = self.consent((person, app), given, left_out);
        self.issue_code(consent, given, bound);
        Outcome::Code
    }

    /// A press of Allow gives nothing to what was given before, and takes from it what it leaves out.
    fn consent(&mut self, (person, app): (usize, usize), scopes: Scopes, left_out: Scopes) -> usize {
        let grant = self.live_grant(person, app).unwrap_or_else(|| {
            self.grants.push(Grant { person, app, is_over: false });
            self.grants.len() - 1
        });
        let earlier = self.consents.iter_mut().filter(|consent| consent.grant == grant);
        earlier.for_each(|consent| consent.scopes &= !left_out);
        self.consents.push(Consent { grant, scopes });
        self.consents.len() - 1
    }

    fn live_grant(&self, person: usize, app: usize) -> Option<usize> {
        self.grants.iter().position(|grant| (grant.person, grant.app, grant.is_over) == (person, app, false))
    }

    fn issue_code(&mut self, consent: usize, scopes: Scopes, (uri, proof): (Uri, Proof)) {
        let life = if scopes & OFFLINE != 0 { 90 * DAY } else { 60 * SECOND + HOUR };
        self.families.push(Family { consent, end: self.now + life, is_over: false });
        let (family, end) = (self.families.len() - 1, self.now + 60 * SECOND);
        self.codes.push(Code { family, scopes, uri, proof, end, redeemed: None, is_spoiled: false });
    }

    /// Only for a client that proves itself, for lasting access, by one consent that has it all.
    fn remember(&mut self, person: usize, app: usize, scopes: Scopes) -> Outcome {
        let bound = (Uri::Web, Proof::Right);
        let scopes = match self.valid(app, scopes, bound) {
            Ok(scopes) => scopes,
            Err(outcome) => return outcome,
        };
        let needed = (self.apps[app].listing.0 | scopes) & !OFFLINE;
        let may_be = app != APPS - 1
            && scopes & OFFLINE != 0
            && self.role(person).is_some_and(|role| needed & !role == 0);
        let grant = self.live_grant(person, app).filter(|_| may_be);
        let covers = |consent: &Consent| Some(consent.grant) == grant && scopes & !consent.scopes == 0;
        match self.consents.iter().rposition(covers) {
            Some(consent) => {
                self.issue_code(consent, scopes, bound);
                Outcome::Code
            }
            None => Outcome::NoCode,
        }
    }

    fn grant_of(&self, family: usize) -> usize {
        self.consents[self.families[family].consent].grant
    }

    fn is_over(&self, family: usize) -> bool {
        self.families[family].is_over || self.grants[self.grant_of(family)].is_over
    }

    /// Whether the client is there, and the thing's own.
    fn check_client(&self, family: usize, by: Client) -> Result<(), Outcome> {
        let own = self.grants[self.grant_of(family)].app;
        let client = if by == Client::Own { own } else { (own + 1) % APPS };
        match by {
            _ if self.apps[client].is_deleted => Err(Outcome::NoClient),
            Client::Other => Err(Outcome::Refused("another client's")),
            Client::Own => Ok(()),
        }
    }

    fn redeem(&mut self, number: usize, by: Client, (proof, uri): (Proof, Sent)) -> Outcome {
        let code = &self.codes[number];
        let (family, scopes) = (code.family, code.scopes);
        if let Err(outcome) = self.check_client(family, by) {
            return outcome;
        }
        if let Some(redeemed) = code.redeemed {
            if proof != code.proof || self.now - redeemed > SECOND {
                let grant = self.grant_of(family);
                self.grants[grant].is_over = true;
            }
            return Outcome::Refused("used");
        }
        if let Some(refusal) = self.code_refusal(code, (proof, uri)) {
            self.codes[number].is_spoiled |= refusal == "proof";
            return Outcome::Refused(refusal);
        }
        self.codes[number].redeemed = Some(self.now);
        let access = self.issue_access(family, scopes);
        let refresh = (scopes & OFFLINE != 0).then(|| self.issue_refresh(family, scopes));
        self.tokens(access, refresh)
    }

    fn code_refusal(&self, code: &Code, (proof, uri): (Proof, Sent)) -> Option<&'static str> {
        let grant = &self.grants[self.grant_of(code.family)];
        let role = self.role(grant.person);
        let rules = [
            (self.is_over(code.family), "ended"),
            (code.is_spoiled, "spoiled"),
            (code.end <= self.now, "expired"),
            (uri == Sent::None, "redirect URI missing"),
            (uri == Sent::Wrong, "redirect URI"),
            (code.uri == Uri::Loopback && !self.apps[grant.app].has_loopback, "redirect URI removed"),
            (proof != code.proof, "proof"),
            (role.is_none(), "no role"),
            (role.is_some_and(|role| code.scopes & !role & !OFFLINE != 0), "role lacks"),
        ];
        rules.into_iter().find(|(applies, _)| *applies).map(|(_, refusal)| refusal)
    }

    fn issue_access(&mut self, family: usize, scopes: Scopes) -> usize {
        let end = (self.now + HOUR).min(self.families[family].end);
        self.accesses.push(Access { family, scopes, end, is_over: false });
        self.accesses.len() - 1
    }

    fn issue_refresh(&mut self, family: usize, scopes: Scopes) -> usize {
        let end = (self.now + 30 * DAY).min(self.families[family].end);
        self.refreshes.push(Refresh { family, scopes, end, rotated: None });
        self.refreshes.len() - 1
    }

    fn tokens(&self, number: usize, refresh: Option<usize>) -> Outcome {
        let access = &self.accesses[number];
        let expires_in = (access.end - self.now) / SECOND;
        Outcome::Tokens { access: number, refresh, scopes: access.scopes, expires_in }
    }

    fn refresh(&mut self, number: usize, by: Client, asked: Option<Scopes>) -> Outcome {
        let token = &self.refreshes[number];
        let (family, scopes) = (token.family, token.scopes);
        if let Err(outcome) = self.check_client(family, by) {
            return outcome;
        }
        if self.is_over(family) {
            return Outcome::Refused("ended");
        }
        let person = self.grants[self.grant_of(family)].person;
        let (required, optional) = self.apps[self.grants[self.grant_of(family)].app].listing;
        let bound = self.consents[self.families[family].consent].scopes & (required | optional);
        let left = scopes & bound;
        let beyond = asked.unwrap_or(0) & !left != 0;
        match token.rotated {
            Some((at, ..)) if self.now - at > 30 * SECOND => {
                self.families[family].is_over = true;
                Outcome::Refused("rotated")
            }
            None if token.end <= self.now => Outcome::Refused("expired"),
            _ if self.role(person).is_none() => Outcome::Refused("no role"),
            // A refresh token lives on lasting access, and on something to have access to.
            None if left & OFFLINE == 0 || left == OFFLINE => Outcome::Refused("taken back"),
            _ if beyond => Outcome::Refused("beyond"),
            Some((_, access, refresh)) => self.repeat(access, refresh),
            None => self.renew(number, asked.unwrap_or(scopes) & bound),
        }
    }

    /// The same pair again, until one of it was used up or ended.
    fn repeat(&self, access: usize, refresh: usize) -> Outcome {
        let good = &self.accesses[access];
        if good.is_over || good.end <= self.now || self.refreshes[refresh].rotated.is_some() {
            return Outcome::Refused("successor used");
        }
        self.tokens(access, Some(refresh))
    }

    fn renew(&mut self, number: usize, scopes: Scopes) -> Outcome {
        let (family, all) = (self.refreshes[number].family, self.refreshes[number].scopes);
        let access = self.issue_access(family, scopes);
        if self.apps[self.grants[self.grant_of(family)].app].keeps == Keeps::Yes {
            self.refreshes[number].end = (self.now + 30 * DAY).min(self.families[family].end);
            return self.tokens(access, Some(number));
        }
        let successor = self.issue_refresh(family, all);
        self.refreshes[number].rotated = Some((self.now, access, successor));
        self.tokens(access, Some(successor))
    }

    /// RFC 7009: another client's token is left alone, and the answer is the same.
    fn end_token(&mut self, act: &Act) -> Outcome {
        let (family, by) = match *act {
            Act::EndAccess { token, by } => {
                (numbered(token, self.accesses.len()).map(|n| self.accesses[n].family), by)
            }
            Act::EndRefresh { token, by } => {
                (numbered(token, self.refreshes.len()).map(|n| self.refreshes[n].family), by)
            }
            _ => unreachable!("{act:?} ends no token"),
        };
        let Some(family) = family else { return Outcome::Skipped };
        match (self.check_client(family, by), act) {
            (Err(Outcome::NoClient), _) => return Outcome::NoClient,
            (Err(_), _) => {}
            (Ok(()), Act::EndAccess { token, .. }) => {
                let number = numbered(*token, self.accesses.len()).unwrap_or(0);
                self.accesses[number].is_over = true;
            }
            (Ok(()), _) => self.families[family].is_over = true,
        }
        Outcome::Done
    }

    fn take_back(&mut self, person: usize, app: usize) -> Outcome {
        match self.live_grant(person, app) {
            Some(grant) => {
                self.grants[grant].is_over = true;
                Outcome::Done
            }
            None => Outcome::NotFound,
        }
    }

    /// What each access token may do now; none if it does not work.
    pub(crate) fn working(&self) -> Vec<Option<Scopes>> {
        self.accesses.iter().map(|access| self.may(access)).collect()
    }

    fn may(&self, access: &Access) -> Option<Scopes> {
        let grant = &self.grants[self.grant_of(access.family)];
        let role = self.role(grant.person)?;
        let works = !access.is_over && access.end > self.now && !self.is_over(access.family);
        let (required, optional) = self.apps[grant.app].listing;
        let consented = self.consents[self.families[access.family].consent].scopes;
        works.then_some(access.scopes & consented & (required | optional) & role)
    }

    /// Which applications each person lets in.
    pub(crate) fn connections(&self) -> Vec<Vec<usize>> {
        let of = |person| (0..APPS).filter(|app| self.live_grant(person, *app).is_some()).collect();
        (0..PEOPLE).map(of).collect()
    }
}
