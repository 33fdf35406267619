//! What can happen in a history, what may come of it, and how histories are made up.

use proptest::prelude::*;

/// Scopes as bits, so that the reference needs nothing of the implementation's.
pub(crate) type Scopes = u8;
pub(crate) const DEVICES_READ: Scopes = 1;
pub(crate) const OBSERVATIONS_READ: Scopes = 2;
pub(crate) const OBSERVATIONS_WRITE: Scopes = 4;
pub(crate) const AUDIT_READ: Scopes = 8;
pub(crate) const OFFLINE: Scopes = 16;
pub(crate) const NAMES: [&str; 5] =
    ["devices:read", "observations:read", "observations:write", "audit:read", "offline_access"];

const SECOND: i64 = 1000;
const DAY: i64 = 24 * 3600 * SECOND;

pub(crate) const PEOPLE: usize = 2;
/// Two that keep a secret and, last, a public one.
pub(crate) const APPS: usize = 3;

/// One thing that somebody does. What is counted from the newest starts at 0.
#[derive(Debug, Clone)]
pub(crate) enum Act {
    /// An application sends a person over, without scopes for all required ones.
    Begin {
        person: usize,
        app: usize,
        scopes: Scopes,
        uri: Uri,
        proof: Proof,
    },
    /// The person presses Allow.
    Approve {
        request: usize,
        ticked: Scopes,
    },
    /// An application asks for what it was given already.
    Remember {
        person: usize,
        app: usize,
        scopes: Scopes,
    },
    Redeem {
        code: usize,
        by: Client,
        proof: Proof,
        uri: Sent,
    },
    Refresh {
        token: usize,
        by: Client,
        scopes: Option<Scopes>,
    },
    /// RFC 7009.
    EndAccess {
        token: usize,
        by: Client,
    },
    EndRefresh {
        token: usize,
        by: Client,
    },
    /// The person takes back what they gave.
    TakeBack {
        person: usize,
        app: usize,
    },
    SetRole {
        person: usize,
        rank: usize,
    },
    Disable {
        person: usize,
    },
    Enable {
        person: usize,
    },
    Change {
        app: usize,
        listing: usize,
        uris: usize,
        keeps: Keeps,
    },
    Delete {
        app: usize,
    },
    Wait {
        milliseconds: i64,
    },
}

/// Where an application wants its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Uri {
    Web,
    /// On a port that is not registered.
    Loopback,
}

/// PKCE: the challenge of a request, or the verifier of a redemption.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Proof {
    None,
    Right,
    Wrong,
}

/// Who presents something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Client {
    Own,
    Other,
}

/// The redirect URI that comes with a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sent {
    None,
    Right,
    Wrong,
}

/// Whether refresh tokens stay the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keeps {
    Yes,
    No,
}

/// What an application requires and offers besides.
pub(crate) const LISTINGS: [(Scopes, Scopes); 4] = [
    (DEVICES_READ | OFFLINE, OBSERVATIONS_READ | OBSERVATIONS_WRITE),
    (DEVICES_READ, OBSERVATIONS_READ | OBSERVATIONS_WRITE | OFFLINE),
    (DEVICES_READ | OBSERVATIONS_READ | OFFLINE, AUDIT_READ),
    (DEVICES_READ | OBSERVATIONS_WRITE, OFFLINE),
];

/// What came of an act; the same from the model and from the reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// There was nothing yet that it could have been done to.
    Skipped,
    Done,
    NoClient,
    /// The authorization request itself was refused.
    BadRequest,
    Waiting,
    NotFound,
    RoleLacks,
    NothingGiven,
    Code,
    NoCode,
    /// By their numbers in the order of issue.
    Tokens {
        access: usize,
        refresh: Option<usize>,
        scopes: Scopes,
        expires_in: i64,
    },
    Refused(&'static str),
}

/// A history of up to some fifty acts, most of them about what happened last.
pub(crate) fn history() -> impl Strategy<Value = Vec<Act>> {
    let passage = prop_oneof![
        4 => act().prop_map(|act| vec![act]),
        2 => connected(),
        2 => disturbed(),
        2 => asked_again(),
        2 => refreshed_twice(),
        1 => worn_out(),
    ];
    prop::collection::vec(passage, 1..20).prop_map(|passages| passages.concat())
}

/// All that it takes to get tokens.
fn connected() -> BoxedStrategy<Vec<Act>> {
    (begin(), any::<Scopes>())
        .prop_map(|(begin, ticked)| {
            let redeem = Act::Redeem { code: 0, by: Client::Own, proof: proof_of(&begin), uri: Sent::Right };
            vec![begin, Act::Approve { request: 0, ticked }, redeem]
        })
        .boxed()
}

/// The same, and something comes between the code and its redemption, or is wrong with that.
fn disturbed() -> impl Strategy<Value = Vec<Act>> {
    (connected(), act(), redeem()).prop_map(|(mut acts, between, other)| {
        let redeem = acts.pop();
        acts.extend([between, other]);
        acts.extend(redeem);
        acts
    })
}

/// The application asks the same person the same again, perhaps with another listing, and is given something else.
fn asked_again() -> impl Strategy<Value = Vec<Act>> {
    let change = prop::option::of((0..LISTINGS.len(), 0..2usize));
    (connected(), change, any::<Scopes>()).prop_map(|(mut acts, change, ticked)| {
        let begin = acts[0].clone();
        acts.push(begin.clone());
        if let (Some((listing, uris)), Act::Begin { app, .. }) = (change, begin) {
            acts.push(Act::Change { app, listing, uris, keeps: Keeps::No });
        }
        acts.push(Act::Approve { request: 0, ticked });
        acts
    })
}

/// A line of tokens that is used about when each of its tokens ends, until it ends itself.
fn worn_out() -> impl Strategy<Value = Vec<Act>> {
    let keeps = prop_oneof![Just(Keeps::Yes), Just(Keeps::No)];
    (connected(), keeps, -5..30i64).prop_map(|(mut acts, keeps, before)| {
        if let Some(Act::Begin { app, .. }) = acts.first().cloned() {
            acts.push(Act::Change { app, listing: app, uris: 0, keeps });
        }
        for _ in 0..4 {
            acts.push(Act::Refresh { token: 0, by: Client::Own, scopes: None });
            acts.push(Act::Wait { milliseconds: 30 * DAY - before });
        }
        acts
    })
}

/// A refresh, and the same token again: at once, after a while, or with its successor used in between.
fn refreshed_twice() -> impl Strategy<Value = Vec<Act>> {
    let first = Act::Refresh { token: 0, by: Client::Own, scopes: None };
    (act(), 1..3usize, client()).prop_map(move |(between, token, by)| {
        vec![first.clone(), between, Act::Refresh { token, by, scopes: None }]
    })
}

fn redeem() -> impl Strategy<Value = Act> {
    (newest(), client(), proof(), sent()).prop_map(|(code, by, proof, uri)| Act::Redeem {
        code,
        by,
        proof,
        uri,
    })
}

fn proof_of(begin: &Act) -> Proof {
    match begin {
        Act::Begin { proof, .. } => *proof,
        _ => Proof::None,
    }
}

fn begin() -> impl Strategy<Value = Act> {
    let proof = prop_oneof![1 => Just(Proof::None), 3 => Just(Proof::Right)];
    let uri = prop_oneof![1 => Just(Uri::Web), 1 => Just(Uri::Loopback)];
    (0..PEOPLE, 0..APPS, asked(), uri, proof).prop_map(|(person, app, scopes, uri, proof)| Act::Begin {
        person,
        app,
        scopes,
        uri,
        proof,
    })
}

/// Boxed, because it is part of several others: unboxed they would outgrow the stack.
fn act() -> BoxedStrategy<Act> {
    prop_oneof![
        2 => begin(),
        2 => (newest(), any::<Scopes>()).prop_map(|(request, ticked)| Act::Approve { request, ticked }),
        2 => (0..PEOPLE, 0..APPS, asked())
            .prop_map(|(person, app, scopes)| Act::Remember { person, app, scopes }),
        1 => redeem(),
        8 => (newest(), client(), prop::option::weighted(0.3, asked()))
            .prop_map(|(token, by, scopes)| Act::Refresh { token, by, scopes }),
        1 => (newest(), client()).prop_map(|(token, by)| Act::EndAccess { token, by }),
        1 => (newest(), client()).prop_map(|(token, by)| Act::EndRefresh { token, by }),
        1 => (0..PEOPLE, 0..APPS).prop_map(|(person, app)| Act::TakeBack { person, app }),
        6 => somebody_changes(),
        6 => moment().prop_map(|milliseconds| Act::Wait { milliseconds }),
    ]
    .boxed()
}

fn somebody_changes() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => (0..PEOPLE, 0..3usize).prop_map(|(person, rank)| Act::SetRole { person, rank }),
        1 => (0..PEOPLE).prop_map(|person| Act::Disable { person }),
        1 => (0..PEOPLE).prop_map(|person| Act::Enable { person }),
        3 => (0..APPS, 0..LISTINGS.len(), 0..2usize, prop_oneof![Just(Keeps::Yes), Just(Keeps::No)])
            .prop_map(|(app, listing, uris, keeps)| Act::Change { app, listing, uris, keeps }),
        1 => (0..APPS).prop_map(|app| Act::Delete { app }),
    ]
}

/// Mostly nothing, which is all that is required, or something sensible.
fn asked() -> impl Strategy<Value = Scopes> {
    prop_oneof![
        3 => Just(0),
        2 => Just(DEVICES_READ | OFFLINE),
        2 => Just(DEVICES_READ | OBSERVATIONS_WRITE | OFFLINE),
        1 => Just(DEVICES_READ | OBSERVATIONS_READ | OBSERVATIONS_WRITE),
        1 => 0..32u8,
    ]
}

fn newest() -> impl Strategy<Value = usize> {
    prop_oneof![4 => Just(0usize), 2 => Just(1), 1 => 0..8usize]
}

fn client() -> impl Strategy<Value = Client> {
    prop_oneof![6 => Just(Client::Own), 1 => Just(Client::Other)]
}

fn proof() -> impl Strategy<Value = Proof> {
    prop_oneof![6 => Just(Proof::Right), 1 => Just(Proof::None), 1 => Just(Proof::Wrong)]
}

fn sent() -> impl Strategy<Value = Sent> {
    prop_oneof![6 => Just(Sent::Right), 1 => Just(Sent::None), 1 => Just(Sent::Wrong)]
}

/// On both sides of every limit there is.
fn moment() -> impl Strategy<Value = i64> {
    let limit = prop_oneof![
        4 => Just(SECOND),
        4 => Just(30 * SECOND),
        2 => Just(60 * SECOND),
        1 => Just(600 * SECOND),
        2 => Just(3600 * SECOND),
        1 => Just(30 * DAY),
        1 => Just(60 * DAY),
    ];
    (limit, -4..5i64).prop_map(|(limit, apart)| limit + apart)
}
