//! What becomes of a code or a refresh token that is presented: the rules, without the database.
//!
//! The caller looks up what is stored, asks here, and does what the verdict says, all in one transaction. A verdict
//! that ends something is not an error: it must be committed (RFC 6749 section 4.1.2, RFC 9700 section 4.14.2).
//!
//! A [`Refusal`] speaks twice. [`Display`](std::fmt::Display) is for whoever presented the thing and could be
//! anybody: it names the mistake, and it is the same for what never existed, what is another client's and what has
//! been revoked. [`Refusal::reason`] is for the application's owner, who must be able to find out why.

use jiff::{SignedDuration, Timestamp};
use thiserror::Error;

use crate::client_auth::ClientType;
use crate::description::without_secrets;
use crate::pkce::{self, Challenge, Unproven, Verifier};
use crate::redirect_uri::Destination;
use crate::role::Role;
use crate::scope::{Scope, ScopeSet};

/// How long a code can be redeemed.
pub const CODE_LIFE: SignedDuration = SignedDuration::from_secs(60);
/// A browser that fires twice sends the same code again within this; it ends nothing.
pub const DOUBLE_FIRE: SignedDuration = SignedDuration::from_secs(1);
/// How long an access token works.
pub const ACCESS_LIFE: SignedDuration = SignedDuration::from_hours(1);
/// A refresh token ends when it is not used for this long …
pub const REFRESH_IDLE_LIFE: SignedDuration = SignedDuration::from_hours(30 * 24);
/// … and its line, however often rotated, after this.
pub const FAMILY_LIFE: SignedDuration = SignedDuration::from_hours(90 * 24);
/// How long a rotated token still gets its successors.
pub const GRACE: SignedDuration = SignedDuration::from_secs(30);

/// Whether an application's refresh tokens are replaced when they are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rotation {
    /// Each use gives a successor, so that a stolen token shows.
    Rotate,
    /// A token stays the same until it ends, for this reason.
    Keep(KeepReason),
}

/// Why refresh tokens may stay the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeepReason {
    /// The client proves itself with a secret, so a stolen refresh token alone is useless, and its owner has
    /// switched rotation off (RFC 9700 section 4.14.2 demands it of public clients only).
    ClientSecretAndOwnersChoice,
}

impl Rotation {
    /// The rule for one application: public clients always rotate, confidential ones as `owners_choice` says.
    #[must_use]
    pub fn of(client: ClientType, owners_choice: Self) -> Self {
        match client {
            ClientType::Public => Self::Rotate,
            ClientType::Confidential => owners_choice,
        }
    }
}

/// That and why a grant or a line of tokens has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// When.
    pub at: Timestamp,
    /// Why, in words for the application's owner.
    pub because: String,
}

/// A stored code, and what its redemption depends on.
#[derive(Clone, Copy, Debug)]
pub struct CodeFacts<'a> {
    /// Whether its grant or its line has ended.
    pub ended: Option<&'a Ended>,
    /// When it is too late.
    pub expires_at: Timestamp,
    /// When it was redeemed.
    pub redeemed_at: Option<Timestamp>,
    /// When a wrong verifier spoiled it.
    pub spoiled_at: Option<Timestamp>,
    /// The redirect URI it was issued for.
    pub redirect_uri: &'a str,
    /// The challenge it was asked for with.
    pub challenge: Option<&'a Challenge>,
    /// What it gives.
    pub scopes: ScopeSet,
    /// The person's role; none once they are disabled or no longer a member.
    pub role: Option<Role>,
    /// The client's redirect URIs as they are registered now.
    pub registered: &'a [String],
    /// The client's type.
    pub client_type: ClientType,
}

/// What comes with a code.
#[derive(Clone, Copy)]
pub struct Redemption<'a> {
    /// The redirect URI as it was sent again.
    pub redirect_uri: Option<&'a str>,
    /// The PKCE verifier.
    pub verifier: Option<&'a Verifier>,
}

/// What to do about a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CodeVerdict {
    /// Redeem it, unless another request does so first.
    Redeem,
    /// Refuse it and change nothing.
    Refuse(Refusal),
    /// Refuse it and make it useless, so that nobody can guess on.
    Spoil(Refusal),
    /// Refuse it and end the grant that it belongs to.
    EndGrant(Refusal),
}

/// Judges a code that was presented by its own client, which is authenticated.
#[must_use]
pub fn judge_code(code: &CodeFacts<'_>, with: &Redemption<'_>, now: Timestamp) -> CodeVerdict {
    let proof = pkce::prove(code.challenge, with.verifier);
    if let Some(redeemed_at) = code.redeemed_at {
        return judge_used_code(apart(now, redeemed_at), proof);
    }
    if let Some(refusal) = standing_refusal(code, now) {
        return CodeVerdict::Refuse(refusal);
    }
    if let Some(refusal) = redirect_refusal(code.redirect_uri, with.redirect_uri) {
        return CodeVerdict::Refuse(refusal);
    }
    if Destination::prove(code.redirect_uri, code.registered, code.client_type).is_none() {
        return CodeVerdict::Refuse(Refusal::RedirectUriRemoved);
    }
    if let Err(unproven) = proof {
        return CodeVerdict::Spoil(Refusal::Proof(unproven));
    }
    match code.role {
        None => CodeVerdict::Refuse(Refusal::NoRole),
        Some(role) => match role.missing(code.scopes).iter().next() {
            Some(scope) => CodeVerdict::Refuse(Refusal::RoleLacks(scope)),
            None => CodeVerdict::Redeem,
        },
    }
}

/// A used code again. Within a second, with the right proof, it is a browser that fired twice; any other time
/// somebody else has it, and the grant ends.
fn judge_used_code(ago: SignedDuration, proof: Result<(), Unproven>) -> CodeVerdict {
    let refusal = Refusal::CodeUsed { ago };
    if proof.is_ok() && ago <= DOUBLE_FIRE {
        CodeVerdict::Refuse(refusal)
    } else {
        CodeVerdict::EndGrant(refusal)
    }
}

/// RFC 6749 section 4.1.3: the redirect URI of the authorization request must come again, and be the same.
fn redirect_refusal(expected: &str, received: Option<&str>) -> Option<Refusal> {
    let expected = expected.to_owned();
    match received {
        Some(received) if received == expected => None,
        Some(received) => Some(Refusal::RedirectUri { received: received.to_owned(), expected }),
        None => Some(Refusal::RedirectUriMissing { expected }),
    }
}

/// How far two instants are from each other. The later one can have the earlier time: a clock was set back, and then
/// an hour must not look like no time at all.
fn apart(one: Timestamp, other: Timestamp) -> SignedDuration {
    one.duration_since(other).abs()
}

fn standing_refusal(code: &CodeFacts<'_>, now: Timestamp) -> Option<Refusal> {
    if let Some(ended) = code.ended {
        return Some(Refusal::Ended(ended.clone()));
    }
    if code.spoiled_at.is_some() {
        return Some(Refusal::Spoiled);
    }
    (code.expires_at <= now).then_some(Refusal::Expired { ago: now.duration_since(code.expires_at) })
}

/// A stored refresh token, and what its use depends on.
#[derive(Clone, Copy, Debug)]
pub struct RefreshFacts<'a> {
    /// Whether its grant or its line has ended.
    pub ended: Option<&'a Ended>,
    /// When it ends unused.
    pub expires_at: Timestamp,
    /// When and where it was rotated.
    pub rotated: Option<Rotated<'a>>,
    /// What its line was given.
    pub scopes: ScopeSet,
    /// What its consent still gives and the application still lists.
    pub bound: ScopeSet,
    /// The person's role; none once they are disabled or no longer a member.
    pub role: Option<Role>,
    /// Whether the client's tokens are replaced.
    pub rotation: Rotation,
}

impl RefreshFacts<'_> {
    /// What is left of what its line was given.
    fn left(&self) -> ScopeSet {
        self.scopes.and(self.bound)
    }
}

/// That a refresh token has a successor.
#[derive(Clone, Copy, Debug)]
pub struct Rotated<'a> {
    /// Since when.
    pub at: Timestamp,
    /// From which network address it was presented then, if that is known.
    pub address: Option<&'a str>,
    /// Whether the successor has been used.
    pub successor: Successor,
}

/// Where the successor of a rotated token stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Successor {
    /// It is the newest of its line.
    Unused,
    /// It has been rotated too, or its access token is gone.
    Used,
}

/// What comes with a refresh token.
#[derive(Clone, Copy, Debug)]
pub struct RefreshRequest<'a> {
    /// The scopes to narrow the access token to.
    pub scopes: Option<ScopeSet>,
    /// The network address of the caller.
    pub address: &'a str,
}

/// What to do about a refresh token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefreshVerdict {
    /// Give it a successor, unless another request does so first.
    Rotate,
    /// Give an access token; the refresh token stays.
    Keep,
    /// Give the successors again that were given before.
    Repeat,
    /// Refuse it and change nothing.
    Refuse(Refusal),
    /// Refuse it and end its line: two parties hold it.
    EndFamily(Refusal),
}

/// Judges a refresh token that was presented by its own client, which is authenticated.
#[must_use]
pub fn judge_refresh(
    token: &RefreshFacts<'_>,
    request: &RefreshRequest<'_>,
    now: Timestamp,
) -> RefreshVerdict {
    if let Some(ended) = token.ended {
        return RefreshVerdict::Refuse(Refusal::Ended(ended.clone()));
    }
    // Before anything else about it: a rotated token in other hands is an alarm, also an expired one.
    if let Some(rotated) = token.rotated {
        return judge_rotated(token, &rotated, request, now);
    }
    if token.expires_at <= now {
        return RefreshVerdict::Refuse(Refusal::Expired { ago: now.duration_since(token.expires_at) });
    }
    // offline_access is what a refresh token lives on; what it stands for must be something.
    let left = token.left();
    if token.role.is_some() && (!left.contains(Scope::OfflineAccess) || left.without(LASTING).is_empty()) {
        return RefreshVerdict::Refuse(Refusal::TakenBack);
    }
    if let Some(refusal) = beyond(token, request) {
        return RefreshVerdict::Refuse(refusal);
    }
    match token.rotation {
        Rotation::Rotate => RefreshVerdict::Rotate,
        Rotation::Keep(_) => RefreshVerdict::Keep,
    }
}

/// A rotated token again: its successors within the grace, a refusal once they are in use, and after the grace the
/// end of the whole line.
fn judge_rotated(
    token: &RefreshFacts<'_>,
    rotated: &Rotated<'_>,
    request: &RefreshRequest<'_>,
    now: Timestamp,
) -> RefreshVerdict {
    let ago = apart(now, rotated.at);
    let place = match rotated.address {
        Some(address) if address == request.address => Place::Same,
        Some(_) => Place::Other,
        None => Place::Unknown,
    };
    if ago > GRACE {
        return RefreshVerdict::EndFamily(Refusal::Rotated { ago, place });
    }
    if let Some(refusal) = beyond(token, request) {
        return RefreshVerdict::Refuse(refusal);
    }
    match rotated.successor {
        Successor::Unused => RefreshVerdict::Repeat,
        Successor::Used => RefreshVerdict::Refuse(Refusal::SuccessorUsed { ago, place }),
    }
}

const LASTING: ScopeSet = ScopeSet::of(&[Scope::OfflineAccess]);

fn beyond(token: &RefreshFacts<'_>, request: &RefreshRequest<'_>) -> Option<Refusal> {
    if token.role.is_none() {
        return Some(Refusal::NoRole);
    }
    let more = request.scopes.unwrap_or(ScopeSet::EMPTY).without(token.left());
    more.iter().next().map(Refusal::ScopeBeyondGrant)
}

/// Whether a token came back from where it was used before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The same network address.
    Same,
    /// Another one.
    Other,
    /// It is not known where it was used before.
    Unknown,
}

/// Why a code or refresh token was refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// There is none such, or none any more.
    #[error("{UNKNOWN}")]
    Unknown,
    /// It is another client's.
    #[error("{UNKNOWN}")]
    OtherClient,
    /// Its grant or its line has ended.
    #[error("{UNKNOWN}")]
    Ended(Ended),
    /// A wrong verifier had spoiled it.
    #[error("{UNKNOWN}")]
    Spoiled,
    /// It came too late, by this much.
    #[error("The code or token has expired.")]
    Expired {
        /// How long ago it ended.
        ago: SignedDuration,
    },
    /// The code was redeemed before.
    #[error("The authorization code was used already.")]
    CodeUsed {
        /// How long ago.
        ago: SignedDuration,
    },
    /// The refresh token was rotated before, longer ago than the grace.
    #[error("The refresh token was rotated already: use the newest one.")]
    Rotated {
        /// How long ago.
        ago: SignedDuration,
        /// From where it came now.
        place: Place,
    },
    /// The refresh token was rotated a moment ago, and its successor is in use.
    #[error("The refresh token was rotated already: use the newest one.")]
    SuccessorUsed {
        /// How long ago.
        ago: SignedDuration,
        /// From where it came now.
        place: Place,
    },
    /// No redirect URI.
    #[error("redirect_uri is missing: send the one that the code was issued for.")]
    RedirectUriMissing {
        /// What it should have been.
        expected: String,
    },
    /// Another redirect URI.
    #[error("redirect_uri is not the one that the code was issued for.")]
    RedirectUri {
        /// As it came.
        received: String,
        /// What it should have been.
        expected: String,
    },
    /// The redirect URI is no longer registered.
    #[error("The redirect_uri that the code was issued for is no longer registered.")]
    RedirectUriRemoved,
    /// The proof key does not fit.
    #[error("{0}")]
    Proof(Unproven),
    /// The person left it out of a later consent, or the application no longer lists it.
    #[error("{UNKNOWN}")]
    TakenBack,
    /// More was asked for than was granted.
    #[error("The scope goes beyond what was granted: {0}.")]
    ScopeBeyondGrant(Scope),
    /// The person's role lacks this by now.
    #[error("The person who consented may no longer do this.")]
    RoleLacks(Scope),
    /// The person is disabled or no longer a member.
    #[error("The person who consented may no longer do this.")]
    NoRole,
}

/// One sentence for all that must look alike.
const UNKNOWN: &str = "The code or token is unknown, was issued to another client, or has been revoked.";

impl Refusal {
    /// What the application's owner should know, in a sentence or two.
    #[must_use]
    pub fn reason(&self) -> String {
        match self {
            Self::Unknown | Self::OtherClient => "This application has no such code or token. It was cut or changed on the way, is \
                another application's or another server's, or ended so long ago that it has been swept away."
                .to_owned(),
            Self::Ended(ended) => format!("It had ended already, on {:.0}: {}.", ended.at, ended.because),
            Self::Spoiled => {
                "An earlier request brought the wrong code_verifier for this code, which makes a code useless."
                    .to_owned()
            }
            Self::Expired { ago } => format!("It had expired {} before.", words(*ago)),
            Self::CodeUsed { ago } if *ago <= DOUBLE_FIRE => format!(
                "The code came a second time {} after it had been redeemed. So soon it counts as a browser that fired twice: \
                 nothing was ended.",
                words(*ago)
            ),
            Self::CodeUsed { ago } => format!(
                "The code came a second time {} after it had been redeemed. Somebody may have a copy, so all that this person \
                 gave the application here was ended.",
                words(*ago)
            ),
            Self::Rotated { ago, place } => format!(
                "Presented {} after it was rotated{}. Two parties hold it, so every token of this sign-in was ended. \
                 If both are yours: store the new refresh token before you use it, and refresh in one place only.",
                words(*ago),
                place.words()
            ),
            Self::SuccessorUsed { ago, place } => format!(
                "Presented {} after it was rotated{}, when its successor was already in use. Nothing was ended: use \
                 the newest refresh token.",
                words(*ago),
                place.words()
            ),
            Self::RedirectUriMissing { expected } => {
                format!("redirect_uri was not sent. The code was issued for {expected}.")
            }
            Self::RedirectUri { received, expected } => {
                format!("The code was issued for {expected}, and the request said {}.", without_secrets(received))
            }
            Self::RedirectUriRemoved => {
                "The redirect URI was taken from the application while the code was on its way.".to_owned()
            }
            Self::Proof(unproven) => format!("{unproven} The code is useless now."),
            Self::ScopeBeyondGrant(scope) => {
                format!("The request asked for {scope}, which was not granted with this token.")
            }
            Self::TakenBack => {
                "The person left this out of a later consent, or the application no longer lists it.".to_owned()
            }
            // Which of these it is, is between the person and their organization.
            Self::RoleLacks(_) | Self::NoRole => {
                "The person's role no longer has what was granted, or they can't be let in any more.".to_owned()
            }
        }
    }
}

impl Refusal {
    /// The parameter that it is about.
    #[must_use]
    pub fn parameter(&self, presented: &'static str) -> &'static str {
        match self {
            Self::RedirectUri { .. } | Self::RedirectUriMissing { .. } | Self::RedirectUriRemoved => {
                "redirect_uri"
            }
            Self::Proof(_) => "code_verifier",
            Self::ScopeBeyondGrant(_) => "scope",
            _ => presented,
        }
    }
}

impl Place {
    fn words(self) -> &'static str {
        match self {
            Self::Same => ", from the same address",
            Self::Other => ", from another address",
            Self::Unknown => "",
        }
    }
}

/// `7m45s`; below a second, milliseconds.
fn words(duration: SignedDuration) -> String {
    let whole = if duration < SignedDuration::from_secs(1) {
        SignedDuration::from_millis(i64::from(duration.subsec_millis()))
    } else {
        SignedDuration::from_secs(duration.as_secs())
    };
    format!("{whole:#}").replace(' ', "")
}

#[cfg(test)]
mod tests;
