//! Secrets: how they are made, recognized, and kept.
//!
//! A secret is a prefix that tells its kind, 43 base62 digits (256 bits from the operating system) and the
//! CRC-32 of all that precedes as 6 base62 digits. The checksum is for scanners and typing errors: a damaged key
//! is refused without asking the database. It proves nothing.
//!
//! In memory a secret is a [`Plaintext`] of its kind; what is stored and looked up is a [`Hashed`] of the same
//! kind, HMAC-SHA-256 under the server's [`Pepper`]. With 256 random bits a slow hash would add cost and no
//! safety; the pepper makes a stolen database useless. Neither type can be printed, serialized or compared with
//! `==`, and a hash of one kind can't be looked up as another: the kind goes into the hash.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::id::ApiKeyId;

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const SECRET_DIGITS: usize = 43;
const CHECKSUM_DIGITS: usize = 6;

/// What a secret is for; the label keeps the hashes of different kinds apart.
pub trait Kind {
    /// Names the kind inside the hash and, for all but API keys, in the text.
    const LABEL: &'static str;
    /// What stands between the parts of the prefix.
    const SEPARATOR: &'static str = "_";
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident $label:literal;)*) => { $(
        $(#[$doc])*
        pub enum $name {}
        impl Kind for $name {
            const LABEL: &'static str = $label;
        }
    )* };
}

kinds! {
    /// `sk_live_…`, `sk_test_…`
    ApiKey "sk";
    /// `at_…`
    AccessToken "at";
    /// `rt_…`
    RefreshToken "rt";
    /// `ac_…`: an authorization code
    Code "ac";
    /// `se_…`: the session cookie
    SessionToken "se";
    /// `br_…`: the cookie that tells one browser from another before anybody signs in
    BrowserToken "br";
    /// `su_…`: the one-time link of the first start
    SetupToken "su";
    /// `pr_…`: the link that sets a new password
    ResetToken "pr";
    /// `st_…`: the cookie between the password and the code of a sign-in
    StepToken "st";
    /// `in_…`: the link of an invitation
    InvitationToken "in";
}

/// `cs…`: an application's secret. Letters and digits only: libraries disagree on how to encode the rest in
/// Basic authentication (RFC 6749 §2.3.1 against common habit).
pub enum ClientSecret {}

impl Kind for ClientSecret {
    const LABEL: &'static str = "cs";
    const SEPARATOR: &'static str = "";
}

/// A secret as its holder has it.
pub struct Plaintext<K>(Zeroizing<String>, PhantomData<K>);

impl<K> Plaintext<K> {
    /// The text, for the one answer that shows it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The last four characters, by which a person recognizes it in a list.
    pub fn last_four(&self) -> &str {
        self.0.len().checked_sub(4).and_then(|start| self.0.get(start..)).unwrap_or_default()
    }

    fn new(text: String) -> Self {
        Self(Zeroizing::new(text), PhantomData)
    }
}

impl<K> Clone for Plaintext<K> {
    fn clone(&self) -> Self {
        Self::new(self.0.to_string())
    }
}

/// A secret as the server keeps it.
pub struct Hashed<K>([u8; 32], PhantomData<K>);

impl<K> Hashed<K> {
    /// The bytes for a lookup or an insert.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// What the database had.
    pub fn from_stored(bytes: [u8; 32]) -> Self {
        Self(bytes, PhantomData)
    }

    /// Compares without telling by its duration where the difference is.
    pub fn matches(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl<K> Clone for Hashed<K> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K> Copy for Hashed<K> {}

/// Whether an organization's keys say `live` or `test`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// `sk_live_…`
    Live,
    /// `sk_test_…`
    Test,
}

impl Mode {
    /// The word in the key and in the database.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Test => "test",
        }
    }
}

impl FromStr for Mode {
    type Err = &'static str;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        match word {
            "live" => Ok(Self::Live),
            "test" => Ok(Self::Test),
            _ => Err("the mode is live or test"),
        }
    }
}

/// The text is not a secret of the expected kind: wrong prefix, length, alphabet or checksum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("malformed credential")]
pub struct Malformed;

/// What an `Authorization: Bearer` header can hold.
pub enum Bearer {
    /// An API key.
    ApiKey(Plaintext<ApiKey>),
    /// An OAuth access token.
    AccessToken(Plaintext<AccessToken>),
}

/// How this installation writes its secrets: the segment that keeps them from being taken for another vendor's.
#[derive(Debug, Clone)]
pub struct Format {
    segment: String,
}

/// The segment can't be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the credential segment is 2 to 12 lower-case letters and digits")]
pub struct BadSegment;

impl Format {
    /// Uses `segment`: 2 to 12 lower-case letters and digits.
    pub fn new(segment: &str) -> Result<Self, BadSegment> {
        let plain = segment.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        if plain && (2..=12).contains(&segment.len()) {
            Ok(Self { segment: segment.to_owned() })
        } else {
            Err(BadSegment)
        }
    }

    /// The segment that every credential carries.
    pub fn segment(&self) -> &str {
        &self.segment
    }

    /// Makes an API key: `sk_live_bsn_<id>_<secret><checksum>`.
    pub fn api_key(&self, mode: Mode, id: &ApiKeyId, chance: [u8; 32]) -> Plaintext<ApiKey> {
        finish(format!("{}{}_", self.key_prefix(mode), short(id)), chance)
    }

    /// What people see of a key in lists, before the dots.
    pub fn key_prefix(&self, mode: Mode) -> String {
        format!("sk_{}_{}_", mode.word(), self.segment)
    }

    /// Makes a secret of any other kind.
    pub fn mint<K: Kind>(&self, chance: [u8; 32]) -> Plaintext<K> {
        finish(self.prefix::<K>(), chance)
    }

    /// Recognizes a secret of kind `K` (not an API key) by its prefix, length, alphabet and checksum.
    pub fn read<K: Kind>(&self, text: &str) -> Result<Plaintext<K>, Malformed> {
        let digits = text.strip_prefix(&self.prefix::<K>()).ok_or(Malformed)?;
        checked(text, digits)
    }

    /// Recognizes what a Bearer header may hold.
    pub fn read_bearer(&self, text: &str) -> Result<Bearer, Malformed> {
        if text.starts_with("sk_") {
            self.read_key(text).map(Bearer::ApiKey)
        } else {
            self.read(text).map(Bearer::AccessToken)
        }
    }

    /// A regular expression that finds every API key of this installation, for secret scanners.
    pub fn key_pattern(&self) -> String {
        let digits = SECRET_DIGITS + CHECKSUM_DIGITS;
        format!("sk_(live|test)_{}_[0-9a-hjkmnp-tv-z]{{26}}_[0-9A-Za-z]{{{digits}}}", self.segment)
    }

    fn read_key(&self, text: &str) -> Result<Plaintext<ApiKey>, Malformed> {
        let after = |mode| text.strip_prefix(&self.key_prefix(mode));
        let rest = after(Mode::Live).or_else(|| after(Mode::Test)).ok_or(Malformed)?;
        let (id, digits) = rest.split_once('_').ok_or(Malformed)?;
        format!("{}{id}", ApiKeyId::PREFIX).parse::<ApiKeyId>().map_err(|_| Malformed)?;
        checked(text, digits)
    }

    fn prefix<K: Kind>(&self) -> String {
        format!("{}{separator}{}{separator}", K::LABEL, self.segment, separator = K::SEPARATOR)
    }
}

/// The part of a key's id that stands in the key.
fn short(id: &ApiKeyId) -> &str {
    id.as_str().strip_prefix(ApiKeyId::PREFIX).unwrap_or(id.as_str())
}

fn finish<K>(prefix: String, chance: [u8; 32]) -> Plaintext<K> {
    let body = prefix + &base62::<SECRET_DIGITS>(&chance);
    let checksum = checksum(&body);
    Plaintext::new(body + &checksum)
}

fn checked<K>(text: &str, digits: &str) -> Result<Plaintext<K>, Malformed> {
    if digits.len() != SECRET_DIGITS + CHECKSUM_DIGITS || !digits.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Err(Malformed);
    }
    let (body, sum) = text.split_at_checked(text.len() - CHECKSUM_DIGITS).ok_or(Malformed)?;
    if checksum(body) == sum { Ok(Plaintext::new(text.to_owned())) } else { Err(Malformed) }
}

fn checksum(body: &str) -> String {
    base62::<CHECKSUM_DIGITS>(&crc32fast::hash(body.as_bytes()).to_be_bytes())
}

/// The big-endian number in `bytes` as exactly `N` base62 digits.
fn base62<const N: usize>(bytes: &[u8]) -> String {
    let mut number = bytes.to_vec();
    let mut digits = [b'0'; N];
    for digit in digits.iter_mut().rev() {
        let mut remainder = 0u32;
        for byte in &mut number {
            let value = remainder * 256 + u32::from(*byte);
            *byte = u8::try_from(value / 62).unwrap_or(0);
            remainder = value % 62;
        }
        let index = usize::try_from(remainder).unwrap_or(0);
        *digit = BASE62.get(index).copied().unwrap_or(b'0');
    }
    digits.iter().copied().map(char::from).collect()
}

/// The server's own secret, kept outside the database, under which every credential is hashed.
#[derive(Clone)]
pub struct Pepper(Zeroizing<[u8; 32]>);

/// The pepper's text is damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the pepper is 64 hexadecimal digits")]
pub struct BadPepper;

impl Pepper {
    /// A new pepper from 32 random bytes.
    pub fn new(chance: [u8; 32]) -> Self {
        Self(Zeroizing::new(chance))
    }

    /// Reads 64 hexadecimal digits, as [`Pepper::to_hex`] writes them.
    pub fn from_hex(text: &str) -> Result<Self, BadPepper> {
        let mut bytes = Zeroizing::new([0u8; 32]);
        let text = text.trim();
        if text.len() != 64 || !text.is_ascii() {
            return Err(BadPepper);
        }
        for (position, byte) in bytes.iter_mut().enumerate() {
            let pair = text.get(position * 2..position * 2 + 2).ok_or(BadPepper)?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| BadPepper)?;
        }
        Ok(Self(bytes))
    }

    /// 64 hexadecimal digits, for the pepper's file.
    pub fn to_hex(&self) -> Zeroizing<String> {
        Zeroizing::new(self.0.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// What the database keeps of a secret.
    pub fn hash<K: Kind>(&self, secret: &Plaintext<K>) -> Hashed<K> {
        Hashed(self.mac(K::LABEL, &[secret.expose()]), PhantomData)
    }

    /// The pair that follows when `presented` is rotated. It can be computed again from the presented token, so
    /// that a retry on any node is answered with the same pair, and no token is stored in the clear.
    pub fn successors(
        &self,
        format: &Format,
        presented: &Plaintext<RefreshToken>,
    ) -> (Plaintext<AccessToken>, Plaintext<RefreshToken>) {
        let access = format.mint(self.mac("successor access", &[presented.expose()]));
        let refresh = format.mint(self.mac("successor refresh", &[presented.expose()]));
        (access, refresh)
    }

    /// The token of a link that goes out by mail. It can be computed again from the id of what it opens, so that a
    /// mail that waits holds the id alone, and no token is stored in the clear.
    pub fn link_token<K: Kind>(&self, format: &Format, id: &str) -> Plaintext<K> {
        format.mint(self.mac("link", &[K::LABEL, id]))
    }

    /// The hidden field that shows that a form came from our own page, in this browser and this session.
    pub fn form_token(&self, browser: &str, session: &str) -> String {
        base62::<SECRET_DIGITS>(&self.mac("form", &[browser, session]))
    }

    /// Whether `presented` is the form token of this browser and session.
    pub fn is_form_token(&self, presented: &str, browser: &str, session: &str) -> bool {
        self.form_token(browser, session).as_bytes().ct_eq(presented.as_bytes()).into()
    }

    /// HMAC-SHA-256 of the parts under a label. Each part goes in with its length, so that no two lists of parts
    /// look alike.
    pub(crate) fn mac(&self, label: &str, parts: &[&str]) -> [u8; 32] {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.0.as_slice()) else {
            unreachable!("HMAC takes keys of any length")
        };
        for part in std::iter::once(&label).chain(parts) {
            mac.update(&part.len().to_be_bytes());
            mac.update(part.as_bytes());
        }
        mac.finalize().into_bytes().into()
    }
}

impl fmt::Debug for Pepper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pepper(…)")
    }
}

/// What it takes to make a secret and to keep it.
#[derive(Debug, Clone)]
pub struct Mint {
    /// How secrets are written.
    pub format: Format,
    /// Under which they are hashed.
    pub pepper: Pepper,
}

impl Mint {
    /// A new secret of kind `K` and what to store of it.
    pub fn coin<K: Kind>(&self, chance: [u8; 32]) -> (Plaintext<K>, Hashed<K>) {
        let plaintext = self.format.mint(chance);
        let hashed = self.pepper.hash(&plaintext);
        (plaintext, hashed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use proptest::prelude::*;

    fn format() -> Format {
        Format::new("bsn").unwrap()
    }

    fn key(chance: [u8; 32]) -> Plaintext<ApiKey> {
        let id = ApiKeyId::new(Timestamp::UNIX_EPOCH, [1; 10]);
        format().api_key(Mode::Live, &id, chance)
    }

    #[test]
    fn base62_is_the_number_in_base_62() {
        assert_eq!(base62::<6>(&[0, 0, 0, 61]), "00000z");
        assert_eq!(base62::<6>(&[0, 0, 0, 62]), "000010");
        assert_eq!(base62::<43>(&[255; 32]).len(), 43);
    }

    #[test]
    fn a_key_has_the_published_shape() {
        let key = key([9; 32]);
        assert!(key.expose().starts_with("sk_live_bsn_"));
        assert_eq!(key.expose().len(), "sk_live_bsn_".len() + 26 + 1 + 43 + 6);
        assert!(key.expose().ends_with(key.last_four()));
    }

    #[test]
    fn one_wrong_character_anywhere_is_noticed() {
        let key = key([3; 32]);
        for position in 0..key.expose().len() {
            let mut damaged = key.expose().to_owned();
            let other = if damaged.as_bytes()[position] == b'1' { "2" } else { "1" };
            damaged.replace_range(position..=position, other);
            assert!(format().read_bearer(&damaged).is_err(), "position {position}");
        }
        for damaged in
            [format!("{}=", key.expose()), format!(" {}", key.expose()), key.expose().to_uppercase()]
        {
            assert!(format().read_bearer(&damaged).is_err());
        }
    }

    #[test]
    fn a_right_checksum_makes_no_secret_of_another_length_or_alphabet() {
        let digits = "Q".repeat(SECRET_DIGITS);
        let with = |digits: &str| {
            let body = format!("rt_bsn_{digits}");
            let sum = checksum(&body);
            format().read::<RefreshToken>(&(body + &sum)).is_ok()
        };
        assert!(with(&digits));
        for wrong in [
            String::new(),
            digits[1..].to_owned(),
            format!("{digits}Q"),
            format!("{}_", &digits[1..]),
            format!("{}-", &digits[1..]),
            format!("{} ", &digits[1..]),
            format!("{}é", &digits[2..]),
        ] {
            assert!(!with(&wrong), "{wrong:?}");
        }
    }

    #[test]
    fn each_kind_is_read_as_itself_only() {
        let token: Plaintext<RefreshToken> = format().mint([5; 32]);
        assert!(format().read::<RefreshToken>(token.expose()).is_ok());
        assert!(format().read::<Code>(token.expose()).is_err());
        assert!(format().read_bearer(token.expose()).is_err());
        let secret: Plaintext<ClientSecret> = format().mint([5; 32]);
        assert!(secret.expose().bytes().all(|byte| byte.is_ascii_alphanumeric()));
    }

    #[test]
    fn the_same_text_hashes_differently_for_each_kind() {
        let pepper = Pepper::new([1; 32]);
        let text = "same".to_owned();
        let code = pepper.hash(&Plaintext::<Code>::new(text.clone()));
        let token = pepper.hash(&Plaintext::<AccessToken>::new(text));
        assert_ne!(code.as_bytes(), token.as_bytes());
    }

    #[test]
    fn parts_of_a_mac_cannot_slide_into_each_other() {
        let pepper = Pepper::new([1; 32]);
        assert_ne!(pepper.form_token("ab", "c"), pepper.form_token("a", "bc"));
        assert!(pepper.is_form_token(&pepper.form_token("a", "b"), "a", "b"));
        assert!(!pepper.is_form_token(&pepper.form_token("a", "b"), "a", "c"));
    }

    #[test]
    fn a_rotated_token_has_one_pair_of_successors() {
        let pepper = Pepper::new([1; 32]);
        let token = format().mint([5; 32]);
        let (access, refresh) = pepper.successors(&format(), &token);
        let (again, _) = pepper.successors(&format(), &token);
        assert_eq!(access.expose(), again.expose());
        assert!(format().read::<AccessToken>(access.expose()).is_ok());
        assert!(format().read::<RefreshToken>(refresh.expose()).is_ok());
        assert_ne!(refresh.expose(), token.expose());
    }

    #[test]
    fn a_link_has_one_token_and_another_has_another() {
        let (pepper, format) = (Pepper::new([1; 32]), format());
        let token = pepper.link_token::<ResetToken>(&format, "rst_1");
        assert_eq!(token.expose(), pepper.link_token::<ResetToken>(&format, "rst_1").expose());
        assert!(format.read::<ResetToken>(token.expose()).is_ok());
        for other in [
            pepper.link_token::<ResetToken>(&format, "rst_2").expose(),
            Pepper::new([2; 32]).link_token::<ResetToken>(&format, "rst_1").expose(),
        ] {
            assert_ne!(token.expose(), other);
        }
    }

    #[test]
    fn a_pepper_survives_its_file_and_a_damaged_one_is_refused() {
        let pepper = Pepper::new([200; 32]);
        let read = Pepper::from_hex(&format!("{}\n", pepper.to_hex().as_str())).unwrap();
        assert_eq!(read.form_token("a", "b"), pepper.form_token("a", "b"));
        assert!(Pepper::from_hex("00").is_err());
        assert!(Pepper::from_hex(&"é".repeat(32)).is_err());
        assert_eq!(std::format!("{pepper:?}"), "Pepper(…)");
    }

    #[test]
    fn a_segment_that_would_break_the_shape_is_refused() {
        for segment in ["", "a", "a_b", "aB", "a-b", "é1", "UPPER", "waytoolongsegment"] {
            assert!(Format::new(segment).is_err(), "{segment}");
        }
    }

    proptest! {
        #[test]
        fn every_key_is_read_back(chance: [u8; 32]) {
            prop_assert!(matches!(format().read_bearer(key(chance).expose()), Ok(Bearer::ApiKey(_))));
        }

        #[test]
        fn no_text_makes_the_reader_panic(text in ".{0,120}") {
            let _ = format().read_bearer(&text);
        }
    }
}
