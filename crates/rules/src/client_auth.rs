//! How a client says who it is (RFC 6749 sections 2.1, 2.3 and 3.2.1): `client_secret_basic`,
//! `client_secret_post` and `none`, each open to every client.
//!
//! Libraries disagree about Basic. RFC 6749 wants both halves form-encoded before base64, half of the libraries
//! don't do that, and our own page shows `Basic <client-id>:<client-secret>` in clear. Our ids and secrets are
//! alphanumeric, so all three mean the same for them; to be sure, a header gives one or two [`Candidate`]s and the
//! caller tries each. What is never guessed: header and body that contradict each other are refused, not ranked.

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use subtle::ConstantTimeEq;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::form;

/// Whether a client can keep a secret (RFC 6749 section 2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientType {
    /// Runs where its owner alone can read its memory; has a secret.
    Confidential,
    /// Runs in a browser or on a user's device; has no secret and must use PKCE.
    Public,
}

/// By which method of RFC 7591 section 2 (`token_endpoint_auth_method`) a client presented itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// `client_secret_basic`: a secret in the `Authorization` header.
    Basic,
    /// `client_secret_post`: a secret in the body.
    Post,
    /// `none`: an id and no secret, wherever they stood.
    None,
}

/// Who a request says it comes from; nothing is proven yet.
pub struct Presented {
    /// One or two, never none.
    candidates: Vec<Candidate>,
    origin: Origin,
}

/// One way to read what was presented. Its secret is wiped when dropped; it cannot be printed or compared.
pub struct Candidate {
    client_id: String,
    secret: Option<Zeroizing<String>>,
}

/// What a client of a known type still has to show.
pub enum Proof<'c> {
    /// This must be one of the client's secrets; the caller compares hashes in constant time.
    Secret(&'c str),
    /// Nothing: the client is public. PKCE proves it later.
    Nothing,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Origin {
    Header,
    Body,
}

/// Why a client cannot be taken for who it says it is. The texts never repeat what was sent: people put secrets
/// in the wrong place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ClientAuthError {
    /// Neither header nor `client_id`.
    #[error(
        "The request does not say which client it comes from: send Authorization: Basic, or client_id and \
         client_secret in the body, or client_id alone for a public client."
    )]
    Missing,
    /// An `Authorization` header of another scheme.
    #[error("Only the Basic scheme is understood in the Authorization header of this endpoint.")]
    OtherScheme,
    /// A Basic header that holds no id and secret.
    #[error("The Basic header must be the base64 of client_id:client_secret.")]
    Malformed,
    /// `client_id` names another client than the header.
    #[error("The Authorization header and client_id name different clients.")]
    TwoClients,
    /// `client_secret` in the body is not the one in the header.
    #[error("The Authorization header and the body carry different client secrets.")]
    TwoSecrets,
    /// A confidential client without a secret; a PKCE verifier does not replace it.
    #[error(
        "This client is confidential and must send its client secret; a code_verifier does not replace it."
    )]
    SecretMissing,
    /// A public client with a secret.
    #[error("This client is public and has no client secret: send client_id alone.")]
    SecretUnexpected,
}

impl Presented {
    /// The ways to read it, likeliest first, one or two. At most one of them can be right.
    #[must_use]
    pub fn candidates(&self) -> &[Candidate] {
        &self.candidates
    }

    /// The method used.
    #[must_use]
    pub fn method(&self) -> Method {
        match (self.candidates.iter().any(|candidate| candidate.secret.is_some()), self.origin) {
            (true, Origin::Header) => Method::Basic,
            (true, Origin::Body) => Method::Post,
            (false, _) => Method::None,
        }
    }

    /// Whether it came by a Basic header, so that a refusal must carry `WWW-Authenticate: Basic`.
    #[must_use]
    pub fn used_basic(&self) -> bool {
        self.origin == Origin::Header
    }
}

impl Candidate {
    /// The client this names; never empty, otherwise any text.
    #[must_use]
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// What a client of this type has to prove, now that its type is known.
    ///
    /// # Errors
    /// A confidential client must send a secret, a public one must not (RFC 6749 section 2.3).
    pub fn proof(&self, client: ClientType) -> Result<Proof<'_>, ClientAuthError> {
        match (client, &self.secret) {
            (ClientType::Confidential, Some(secret)) => Ok(Proof::Secret(secret)),
            (ClientType::Confidential, None) => Err(ClientAuthError::SecretMissing),
            (ClientType::Public, Some(_)) => Err(ClientAuthError::SecretUnexpected),
            (ClientType::Public, None) => Ok(Proof::Nothing),
        }
    }

    /// An empty secret is none: `Basic base64(id:)` is how several libraries name a public client.
    fn new(client_id: &[u8], secret: &[u8]) -> Option<Self> {
        let text = |bytes| std::str::from_utf8(bytes).ok();
        let (client_id, secret) = (text(client_id)?.to_owned(), text(secret)?);
        let secret = (!secret.is_empty()).then(|| Zeroizing::new(secret.to_owned()));
        (!client_id.is_empty()).then_some(Self { client_id, secret })
    }

    fn has_secret(&self, other: &str) -> bool {
        self.secret.as_ref().is_some_and(|own| own.as_bytes().ct_eq(other.as_bytes()).into())
    }

    fn is_same(&self, other: &Self) -> bool {
        self.client_id == other.client_id
            && match &other.secret {
                Some(secret) => self.has_secret(secret),
                None => self.secret.is_none(),
            }
    }
}

/// Reads the `Authorization` header and the parameters `client_id` and `client_secret`, each of them if sent and
/// not empty.
///
/// # Errors
/// See [`ClientAuthError`]: nothing presented, another scheme, a malformed header, or two answers that differ.
pub fn present(
    authorization: Option<&str>,
    client_id: Option<&str>,
    client_secret: Option<&str>,
) -> Result<Presented, ClientAuthError> {
    let Some(header) = authorization else {
        let candidate = Candidate::new(
            client_id.unwrap_or_default().as_bytes(),
            client_secret.unwrap_or_default().as_bytes(),
        );
        let candidate = candidate.ok_or(ClientAuthError::Missing)?;
        return Ok(Presented { candidates: vec![candidate], origin: Origin::Body });
    };
    let mut candidates = read_basic(header)?;
    if let Some(client_id) = client_id {
        candidates.retain(|candidate| candidate.client_id == client_id);
        refuse_if_none_left(&candidates, ClientAuthError::TwoClients)?;
    }
    if let Some(secret) = client_secret {
        candidates.retain(|candidate| candidate.has_secret(secret));
        refuse_if_none_left(&candidates, ClientAuthError::TwoSecrets)?;
    }
    Ok(Presented { candidates, origin: Origin::Header })
}

/// Whether a request tried the Basic scheme, well-formed or not. Only then may a 401 carry `WWW-Authenticate:
/// Basic`: some libraries stop reading at that header and never see the JSON that names the mistake.
#[must_use]
pub fn tried_basic(authorization: Option<&str>) -> bool {
    authorization.is_some_and(|header| basic_credentials(header).is_some())
}

fn refuse_if_none_left(candidates: &[Candidate], error: ClientAuthError) -> Result<(), ClientAuthError> {
    if candidates.is_empty() { Err(error) } else { Ok(()) }
}

fn read_basic(header: &str) -> Result<Vec<Candidate>, ClientAuthError> {
    let credentials = basic_credentials(header).ok_or(ClientAuthError::OtherScheme)?;
    // A colon is no base64, so the unencoded form cannot be mistaken.
    let pair = if credentials.contains(':') {
        Zeroizing::new(credentials.as_bytes().to_vec())
    } else {
        Zeroizing::new(BASE64.decode(credentials).map_err(|_| ClientAuthError::Malformed)?)
    };
    let colon = pair.iter().position(|byte| *byte == b':').ok_or(ClientAuthError::Malformed)?;
    let (client_id, rest) = pair.split_at(colon);
    let secret = rest.strip_prefix(b":").unwrap_or(rest);

    let mut candidates = Vec::from_iter(Candidate::new(&form::decode(client_id), &form::decode(secret)));
    candidates.extend(Candidate::new(client_id, secret));
    candidates.dedup_by(|raw, decoded| raw.is_same(decoded));
    refuse_if_none_left(&candidates, ClientAuthError::Malformed)?;
    Ok(candidates)
}

/// What follows the scheme, if the scheme is Basic in any case (RFC 9110 section 11.1).
fn basic_credentials(header: &str) -> Option<&str> {
    let (scheme, credentials) = header.trim().split_once([' ', '\t']).unwrap_or((header.trim(), ""));
    scheme.eq_ignore_ascii_case("basic").then(|| credentials.trim())
}

/// Some clients leave the padding away.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
    use proptest::prelude::*;

    use super::*;

    type Seen = Vec<(String, Option<String>)>;

    fn seen(presented: &Presented) -> Seen {
        let secret = |c: &Candidate| c.secret.as_ref().map(|s| s.to_string());
        presented.candidates().iter().map(|c| (c.client_id.clone(), secret(c))).collect()
    }

    fn pair(id: &str, secret: &str) -> (String, Option<String>) {
        (id.to_owned(), (!secret.is_empty()).then(|| secret.to_owned()))
    }

    fn basic(pair: &str) -> String {
        format!("Basic {}", STANDARD.encode(pair))
    }

    fn read(header: &str) -> Presented {
        present(Some(header), None, None).unwrap_or_else(|error| panic!("{header}: {error}"))
    }

    fn refusal(header: &str, id: Option<&str>, secret: Option<&str>) -> Option<ClientAuthError> {
        present(Some(header), id, secret).err()
    }

    #[test]
    fn every_librarys_way_of_writing_an_alphanumeric_pair_means_the_same() {
        let unpadded = format!("Basic {}", STANDARD_NO_PAD.encode("app1:s3cret"));
        assert!(basic("app1:s3cret").ends_with('='), "the example must need padding");
        for header in [
            &basic("app1:s3cret"),
            &basic("app1:s3cret").replacen("Basic", "bAsIc", 1),
            &basic("app1:s3cret").replacen(' ', "  ", 1),
            &basic("%61pp1:s3%63ret"),
            &unpadded,
            "Basic app1:s3cret",
            "basic\tapp1:s3cret ",
        ] {
            let presented = read(header);
            assert_eq!(seen(&presented)[0], pair("app1", "s3cret"), "{header}");
            assert_eq!(presented.method(), Method::Basic);
            assert!(presented.used_basic());
        }
        assert_eq!(seen(&read(&basic("app1:s3cret"))).len(), 1, "equal readings are one candidate");
    }

    #[test]
    fn an_encoded_pair_is_tried_decoded_and_raw() {
        // RFC 6749 appendix B and section 2.3.1: the pair is form-encoded first.
        assert_eq!(seen(&read(&basic("a%2Db:c%3Ad+e"))), [pair("a-b", "c:d e"), pair("a%2Db", "c%3Ad+e")]);
        assert_eq!(seen(&read(&basic("app1:a+b"))), [pair("app1", "a b"), pair("app1", "a+b")]);
        assert_eq!(seen(&read(&basic("app1:a:b"))), [pair("app1", "a:b")]);
        assert_eq!(seen(&read(&basic("app1:%ff"))), [pair("app1", "%ff")], "not UTF-8 once decoded");
        assert_eq!(seen(&read("Basic app1:%C3%A9")), [pair("app1", "é"), pair("app1", "%C3%A9")]);
    }

    #[test]
    fn an_id_without_a_secret_is_the_method_none() {
        for presented in [
            read(&basic("app1:")),
            read("Basic app1:"),
            present(None, Some("app1"), None).ok().unwrap(),
            present(Some(&basic("app1:")), Some("app1"), None).ok().unwrap(),
        ] {
            assert_eq!(seen(&presented), [pair("app1", "")]);
            assert_eq!(presented.method(), Method::None);
        }
        assert!(read(&basic("app1:")).used_basic());
        assert!(!present(None, Some("app1"), None).ok().unwrap().used_basic());
    }

    #[test]
    fn the_body_alone_is_the_method_post_and_is_taken_literally() {
        let presented = present(None, Some("a%2Db"), Some("c+d")).ok().unwrap();
        assert_eq!(seen(&presented), [pair("a%2Db", "c+d")]);
        assert_eq!(presented.method(), Method::Post);
        assert!(!presented.used_basic());
    }

    #[test]
    fn header_and_body_may_agree_in_either_reading() {
        let agree = |header: &str, id, secret| seen(&present(Some(header), id, secret).ok().unwrap());
        assert_eq!(agree(&basic("app1:x"), Some("app1"), Some("x")), [pair("app1", "x")]);
        assert_eq!(agree(&basic("app1:x"), Some("app1"), None), [pair("app1", "x")]);
        assert_eq!(agree(&basic("app1:x"), None, Some("x")), [pair("app1", "x")]);
        assert_eq!(agree(&basic("a%2Db:c%2Bd"), Some("a-b"), Some("c+d")), [pair("a-b", "c+d")]);
        assert_eq!(agree(&basic("a%2Db:c%2Bd"), Some("a%2Db"), Some("c%2Bd")), [pair("a%2Db", "c%2Bd")]);
    }

    #[test]
    fn header_and_body_that_differ_are_refused_and_not_ranked() {
        use ClientAuthError::{TwoClients, TwoSecrets};
        let header = basic("app1:x");
        assert_eq!(refusal(&header, Some("app2"), None), Some(TwoClients));
        assert_eq!(refusal(&header, Some("app2"), Some("x")), Some(TwoClients));
        assert_eq!(refusal(&header, Some("APP1"), None), Some(TwoClients));
        assert_eq!(refusal(&header, Some("app1"), Some("y")), Some(TwoSecrets));
        assert_eq!(refusal(&header, None, Some("xx")), Some(TwoSecrets));
        assert_eq!(refusal(&basic("app1:"), Some("app1"), Some("x")), Some(TwoSecrets));
        // One reading agrees on the id and the other on the secret: neither agrees on both.
        assert_eq!(refusal(&basic("a%2Db:c%2Bd"), Some("a-b"), Some("c%2Bd")), Some(TwoSecrets));
    }

    #[test]
    fn what_is_no_basic_pair_is_refused() {
        use ClientAuthError::{Malformed, OtherScheme};
        for header in ["Basic", "Basic ", "Basic !!!!", "Basic :x", "Basic YQ"] {
            assert_eq!(refusal(header, Some("app1"), Some("x")), Some(Malformed), "{header}");
            assert!(tried_basic(Some(header)), "{header}");
        }
        assert_eq!(refusal(&basic(":x"), None, None), Some(Malformed));
        assert_eq!(
            refusal(&format!("Basic {}", STANDARD.encode(b"app1\xff:x")), None, None),
            Some(Malformed)
        );
        for header in ["Bearer abc", "Digest username=\"a\"", "app1:x", "", "BasicYTpi", "Basic,YTpi"] {
            assert_eq!(refusal(header, Some("app1"), Some("x")), Some(OtherScheme), "{header}");
            assert!(!tried_basic(Some(header)), "{header}");
        }
        assert!(!tried_basic(None));
    }

    #[test]
    fn a_request_must_name_its_client() {
        for (id, secret) in [(None, None), (None, Some("x")), (Some(""), Some("x"))] {
            assert_eq!(present(None, id, secret).err(), Some(ClientAuthError::Missing));
        }
    }

    #[test]
    fn a_confidential_client_sends_a_secret_and_a_public_one_does_not() {
        let (with, without) = (read("Basic app1:x"), read("Basic app1:"));
        let proof = |presented: &Presented, client| match presented.candidates()[0].proof(client) {
            Ok(Proof::Secret(secret)) => Ok(Some(secret.to_owned())),
            Ok(Proof::Nothing) => Ok(None),
            Err(error) => Err(error),
        };
        assert_eq!(proof(&with, ClientType::Confidential), Ok(Some("x".to_owned())));
        assert_eq!(proof(&without, ClientType::Confidential), Err(ClientAuthError::SecretMissing));
        assert_eq!(proof(&with, ClientType::Public), Err(ClientAuthError::SecretUnexpected));
        assert_eq!(proof(&without, ClientType::Public), Ok(None));
    }

    fn encode(text: &str) -> String {
        form_urlencoded::byte_serialize(text.as_bytes()).collect()
    }

    proptest! {
        #[test]
        fn any_pair_encoded_as_the_rfc_says_is_the_first_candidate(id in ".{1,20}", secret in ".{0,40}") {
            let header = basic(&format!("{}:{}", encode(&id), encode(&secret)));
            prop_assert_eq!(&seen(&read(&header))[0], &pair(&id, &secret));
        }

        #[test]
        fn any_pair_sent_raw_is_the_last_candidate(id in "[^:]{1,20}", secret in ".{0,40}") {
            let presented = read(&basic(&format!("{id}:{secret}")));
            prop_assert_eq!(seen(&presented).pop(), Some(pair(&id, &secret)));
        }

        #[test]
        fn every_candidate_agrees_with_the_body(
            sent in "[a-c%2B+]{1,6}:[a-c%2B+]{1,6}", id in "[a-c+]{1,3}", secret in "[a-c+]{1,3}",
        ) {
            if let Ok(presented) = present(Some(&basic(&sent)), Some(&id), Some(&secret)) {
                for candidate in seen(&presented) {
                    prop_assert_eq!(candidate, pair(&id, &secret));
                }
            }
        }

        #[test]
        fn no_header_whatever_upsets_it(header in any::<String>()) {
            if let Ok(presented) = present(Some(&header), None, None) {
                prop_assert!((1..=2).contains(&presented.candidates().len()));
                prop_assert!(tried_basic(Some(&header)));
            }
        }
    }
}
