//! Configuration: what the operator decides, checked before anything starts.
//!
//! Flags come before environment, environment before the file, the file before the defaults. Every wrong value is
//! an error in words with exit status 78; nothing falls back silently to something less safe.

use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::Args;
use ipnet::{IpNet, Ipv4Net};
use lettre::message::Mailbox;
use serde::Deserialize;
use url::Url;

use crate::rates::{Limits, Quota};
use rules::secret::Format;

/// The defaults, as a file that can be copied and edited.
pub const DEFAULTS: &str = include_str!("default.toml");

/// The largest burst that is counted.
const MOST_AT_ONCE: NonZeroU32 = NonZeroU32::new(1_000_000_000).unwrap();

/// The settings as flags and environment give them; all may be left out.
#[derive(Debug, Clone, Default, Args)]
pub struct Flags {
    /// A TOML file with settings (see `bluesonde config default`).
    #[arg(long, env = "BLUESONDE_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Where the database and the pepper live; made if absent.
    #[arg(long, env = "BLUESONDE_DATA_DIR", value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Address and port to listen on.
    #[arg(long, env = "BLUESONDE_LISTEN", value_name = "ADDRESS:PORT")]
    pub listen: Option<SocketAddr>,
    /// Address and port for metrics and health.
    #[arg(long, env = "BLUESONDE_METRICS_LISTEN", value_name = "ADDRESS:PORT")]
    pub metrics_listen: Option<SocketAddr>,
    /// The URL under which people and programs reach this server; also the OAuth issuer.
    #[arg(long, env = "BLUESONDE_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<String>,
    /// The base of the data API, if it has another host; must end in /v1.
    #[arg(long, env = "BLUESONDE_API_URL", value_name = "URL")]
    pub api_url: Option<String>,
    /// Networks of reverse proxies whose X-Forwarded-For is believed.
    #[arg(long, env = "BLUESONDE_TRUSTED_PROXIES", value_name = "CIDR,…", value_delimiter = ',')]
    pub trusted_proxies: Option<Vec<Network>>,
    /// Whom people can ask for help: an e-mail address or a URL.
    #[arg(long, env = "BLUESONDE_SUPPORT_CONTACT", value_name = "CONTACT")]
    pub support_contact: Option<String>,
    /// The file with the pepper, under which secrets are hashed (default: pepper in the data directory).
    #[arg(long, env = "BLUESONDE_PEPPER_FILE", value_name = "FILE")]
    pub pepper_file: Option<PathBuf>,
    /// The segment in every credential that tells them from other vendors'.
    #[arg(long, env = "BLUESONDE_CREDENTIAL_SEGMENT", value_name = "SEGMENT")]
    pub credential_segment: Option<String>,
    /// Requests a second, in the long run, of each address, key and application.
    #[arg(long, env = "BLUESONDE_RATE_LIMIT", value_name = "NUMBER")]
    pub rate_limit: Option<NonZeroU32>,
    /// Requests at once of each address, key and application.
    #[arg(long, env = "BLUESONDE_RATE_LIMIT_BURST", value_name = "NUMBER")]
    pub rate_limit_burst: Option<NonZeroU32>,
    /// Requests a second, in the long run, of all of an organization's keys and tokens.
    #[arg(long, env = "BLUESONDE_ORGANIZATION_RATE_LIMIT", value_name = "NUMBER")]
    pub organization_rate_limit: Option<NonZeroU32>,
    /// Requests at once of all of an organization's keys and tokens.
    #[arg(long, env = "BLUESONDE_ORGANIZATION_RATE_LIMIT_BURST", value_name = "NUMBER")]
    pub organization_rate_limit_burst: Option<NonZeroU32>,
    /// The mail server, as smtps://user@host or smtp://user@host?tls=required; without it no mail is sent.
    #[arg(long, env = "BLUESONDE_MAIL_SMTP", value_name = "URL")]
    pub mail_smtp: Option<String>,
    /// The file with the password for the mail server.
    #[arg(long, env = "BLUESONDE_MAIL_PASSWORD_FILE", value_name = "FILE")]
    pub mail_password_file: Option<PathBuf>,
    /// Whom mails come from: an address, or a name and an address.
    #[arg(long, env = "BLUESONDE_MAIL_FROM", value_name = "ADDRESS")]
    pub mail_from: Option<String>,
    /// Write mails into this directory instead of sending them: one .eml file each.
    #[arg(long, env = "BLUESONDE_MAIL_DIR", value_name = "DIR", conflicts_with = "mail_smtp")]
    pub mail_dir: Option<PathBuf>,
}

/// The same settings from a file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileSettings {
    data_dir: Option<PathBuf>,
    listen: Option<SocketAddr>,
    metrics_listen: Option<SocketAddr>,
    public_url: Option<String>,
    api_url: Option<String>,
    trusted_proxies: Option<Vec<Network>>,
    support_contact: Option<String>,
    pepper_file: Option<PathBuf>,
    credential_segment: Option<String>,
    rate_limit: Option<NonZeroU32>,
    rate_limit_burst: Option<NonZeroU32>,
    organization_rate_limit: Option<NonZeroU32>,
    organization_rate_limit_burst: Option<NonZeroU32>,
    #[serde(default)]
    mail: FileMail,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileMail {
    smtp: Option<String>,
    password_file: Option<PathBuf>,
    from: Option<String>,
    dir: Option<PathBuf>,
}

/// A network in CIDR notation, or one address.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
pub struct Network(IpNet);

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let one = || text.parse::<IpAddr>().map(IpNet::from);
        let network = text.parse::<IpNet>().or_else(|_| one());
        network
            .map(|network| Self(canonical(network)))
            .map_err(|_| format!("{text:?} is neither an address nor a network such as 10.0.0.0/24"))
    }
}

/// Peers are compared without the disguise that IPv4 has on an IPv6 socket (`::ffff:10.0.0.0/104`).
fn canonical(network: IpNet) -> IpNet {
    let plain = match network {
        IpNet::V6(network) => network
            .addr()
            .to_ipv4_mapped()
            .zip(network.prefix_len().checked_sub(96))
            .and_then(|(address, length)| Ipv4Net::new(address, length).ok()),
        IpNet::V4(_) => None,
    };
    plain.map_or(network, IpNet::V4)
}

impl TryFrom<String> for Network {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

/// What the server runs with.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where the database and the pepper live.
    pub data_dir: PathBuf,
    /// Where to listen.
    pub listen: SocketAddr,
    /// Where metrics and health are.
    pub metrics_listen: SocketAddr,
    /// The pepper's file.
    pub pepper_file: PathBuf,
    /// How credentials are written.
    pub format: Format,
    /// What requests need to know.
    pub site: Site,
    /// How often somebody may ask.
    pub limits: Limits,
    /// How mails go out.
    pub mail: MailSettings,
}

/// How mails go out.
#[derive(Debug, Clone)]
pub enum MailSettings {
    /// Not at all.
    Nobody,
    /// As files, for demos and tests.
    Directory {
        /// Where.
        dir: PathBuf,
        /// Whom they come from.
        from: Mailbox,
    },
    /// By a mail server.
    Smtp {
        /// Which, and as whom; without a password.
        url: Url,
        /// Where the password is.
        password_file: Option<PathBuf>,
        /// Whom they come from.
        from: Mailbox,
    },
}

/// Where the server stands in the world.
#[derive(Debug, Clone)]
pub struct Site {
    /// The issuer: scheme, host and port, no trailing slash.
    pub public_url: String,
    /// The base of the data API, without trailing slash.
    pub api_url: String,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Whom people can ask for help.
    pub support_contact: Option<String>,
}

impl Site {
    /// Whether browsers reach us by https, so that cookies can insist on it.
    pub fn is_secure(&self) -> bool {
        self.public_url.starts_with("https://")
    }

    /// Scheme, host and port (and a prefix, if there is one) of the data API.
    pub fn api_origin(&self) -> &str {
        self.api_url.trim_end_matches("/v1")
    }

    /// Whether this peer's forwarding headers are believed.
    pub fn trusts(&self, peer: IpAddr) -> bool {
        self.trusted_proxies.iter().any(|network| network.contains(&peer))
    }
}

/// A setting that can't be used, and why.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct BadConfig(String);

fn bad(text: impl Into<String>) -> BadConfig {
    BadConfig(text.into())
}

impl Config {
    /// Puts flags, file and defaults together and checks the whole.
    pub fn load(flags: &Flags) -> Result<Self, BadConfig> {
        let defaults = parse(DEFAULTS, "the defaults")?;
        let file = match &flags.config {
            Some(path) => parse(&read(path)?, &path.display().to_string())?,
            None => FileSettings::default(),
        };
        macro_rules! setting {
            ($name:ident) => {
                flags.$name.clone().or(file.$name).or(defaults.$name)
            };
        }
        let data_dir = setting!(data_dir).ok_or_else(|| bad("data_dir is missing"))?;
        let listen = setting!(listen).ok_or_else(|| bad("listen is missing"))?;
        let metrics_listen = setting!(metrics_listen).ok_or_else(|| bad("metrics_listen is missing"))?;
        let public_url = setting!(public_url).unwrap_or_else(|| format!("http://{listen}"));
        let public_url = origin(&public_url)?;
        let api_url = match setting!(api_url) {
            Some(url) => api_base(&url)?,
            None => format!("{public_url}/v1"),
        };
        let proxies: Vec<Network> = setting!(trusted_proxies).unwrap_or_default();
        let trusted_proxies = proxies.into_iter().map(|network| network.0).collect();
        let mail = mail(flags, file.mail)?;
        let segment = setting!(credential_segment).unwrap_or_else(|| "bsn".to_owned());
        let quota = |per_second: Option<NonZeroU32>, burst: Option<NonZeroU32>| match (per_second, burst) {
            (Some(per_second), Some(burst)) => Ok(Quota { per_second, burst }),
            _ => Err(bad("rate_limit, organization_rate_limit or one of their bursts is missing")),
        };
        let each = quota(setting!(rate_limit), setting!(rate_limit_burst))?;
        let organization = quota(setting!(organization_rate_limit), setting!(organization_rate_limit_burst))?;
        let config = Self {
            limits: Limits::On { each, organization },
            pepper_file: setting!(pepper_file).unwrap_or_else(|| data_dir.join("pepper")),
            format: Format::new(&segment).map_err(|error| bad(error.to_string()))?,
            site: Site { public_url, api_url, trusted_proxies, support_contact: setting!(support_contact) },
            mail,
            data_dir,
            listen,
            metrics_listen,
        };
        config.refuse_what_is_unsafe()?;
        config.refuse_odd_limits()?;
        Ok(config)
    }

    /// Plain http leaves the machine only behind a named proxy, and no proxy is everybody.
    fn refuse_what_is_unsafe(&self) -> Result<(), BadConfig> {
        let proxies = &self.site.trusted_proxies;
        if proxies.iter().any(|network| network.prefix_len() == 0) {
            return Err(bad(
                "trusted_proxies: name your proxies; a network of length 0 would trust everybody",
            ));
        }
        if !self.listen.ip().to_canonical().is_loopback() && proxies.is_empty() {
            return Err(bad(format!(
                "listen is {}, which others can reach, and this port speaks plain http: name the reverse proxy that \
                 ends TLS in trusted_proxies, or listen on 127.0.0.1",
                self.listen
            )));
        }
        if !self.site.is_secure() && !is_loopback(&self.site.public_url) {
            return Err(bad(format!(
                "public_url is {}: beyond this machine it must start with https://",
                self.site.public_url
            )));
        }
        Ok(())
    }

    /// A burst is at least a second's worth, or the limit would not be what it says.
    fn refuse_odd_limits(&self) -> Result<(), BadConfig> {
        let Limits::On { each, organization } = self.limits else { return Ok(()) };
        for (name, quota) in [("rate_limit", each), ("organization_rate_limit", organization)] {
            if quota.burst < quota.per_second {
                let Quota { per_second, burst } = quota;
                return Err(bad(format!(
                    "{name}_burst is {burst}: it must be at least {name}, which is {per_second}"
                )));
            }
            if quota.burst > MOST_AT_ONCE {
                return Err(bad(format!("{name}_burst: more than {MOST_AT_ONCE} limits nothing")));
            }
        }
        Ok(())
    }

    /// The database's file.
    pub fn database(&self) -> PathBuf {
        self.data_dir.join("bluesonde.db")
    }
}

fn mail(flags: &Flags, file: FileMail) -> Result<MailSettings, BadConfig> {
    // A flag for one way takes the place of the file's other way.
    let (smtp, dir) = match (&flags.mail_smtp, &flags.mail_dir) {
        (None, None) => (file.smtp, file.dir),
        (smtp, dir) => (smtp.clone(), dir.clone()),
    };
    let password_file = flags.mail_password_file.clone().or(file.password_file);
    let from = flags.mail_from.clone().or(file.from).map(|from| sender(&from)).transpose()?;
    match (smtp, dir) {
        (None, None) => Ok(MailSettings::Nobody),
        (None, Some(dir)) => {
            let nobody = || sender("Bluesonde <bluesonde@localhost.localdomain>");
            Ok(MailSettings::Directory { dir, from: from.map_or_else(nobody, Ok)? })
        }
        (Some(smtp), None) => {
            let url = mail_server(&smtp)?;
            if password_file.is_some() == url.username().is_empty() {
                return Err(bad(
                    "mail.smtp and mail.password_file: give both a user (smtps://user@host) and the file with the \
                     password, or neither",
                ));
            }
            let missing = "mail.from is missing: the address that mails come from, such as buoys@example.org";
            Ok(MailSettings::Smtp { url, password_file, from: from.ok_or_else(|| bad(missing))? })
        }
        (Some(_), Some(_)) => {
            Err(bad("mail.smtp and mail.dir: mails are sent or written to files, not both"))
        }
    }
}

fn sender(text: &str) -> Result<Mailbox, BadConfig> {
    text.parse().map_err(|_| bad(format!("mail.from {text:?} is no address such as buoys@example.org")))
}

/// Mails carry links that open accounts, so they leave this machine encrypted or not at all. The password has a file
/// of its own: settings are shown to people, and this one would be among them.
fn mail_server(text: &str) -> Result<Url, BadConfig> {
    let url = Url::parse(text).map_err(|error| bad(format!("mail.smtp: {error}")))?;
    if url.password().is_some() {
        return Err(bad(
            "mail.smtp has a password in it: put that into a file and name it in mail.password_file",
        ));
    }
    let encrypted = match url.scheme() {
        "smtps" => true,
        "smtp" => url.query() == Some("tls=required"),
        _ => return Err(bad(format!("mail.smtp {text:?} must start with smtps:// or smtp://"))),
    };
    if url.host_str().is_none_or(str::is_empty) {
        return Err(bad(format!("mail.smtp {text:?} names no host")));
    }
    if !encrypted && !is_loopback(text) {
        return Err(bad(format!(
            "mail.smtp {text:?} would send mails unencrypted: use smtps://, or smtp://…?tls=required for STARTTLS"
        )));
    }
    Ok(url)
}

fn read(path: &Path) -> Result<String, BadConfig> {
    fs::read_to_string(path).map_err(|error| bad(format!("cannot read {}: {error}", path.display())))
}

fn parse(text: &str, name: &str) -> Result<FileSettings, BadConfig> {
    toml::from_str(text).map_err(|error| bad(format!("{name}: {error}")))
}

fn is_loopback(url: &str) -> bool {
    let Ok(url) = Url::parse(url) else { return false };
    // The hosts of schemes that the URL standard does not know are not parsed further.
    let host = url.host().map(|host| host.to_owned());
    let host = host.and_then(|host| url::Host::parse(&host.to_string()).ok());
    match host {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.to_canonical().is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// An issuer is compared byte for byte (RFC 8414 §3.3), so it has one spelling: no path, no trailing slash.
fn origin(text: &str) -> Result<String, BadConfig> {
    let url = Url::parse(text).map_err(|error| bad(format!("public_url {text:?}: {error}")))?;
    let plain = url.username().is_empty() && url.password().is_none() && url.query().is_none();
    if !matches!(url.scheme(), "http" | "https") || !plain || url.path() != "/" || url.fragment().is_some() {
        return Err(bad(format!(
            "public_url {text:?}: give scheme, host and port only, such as https://auth.example"
        )));
    }
    Ok(url.origin().ascii_serialization())
}

fn api_base(text: &str) -> Result<String, BadConfig> {
    let url = Url::parse(text).map_err(|error| bad(format!("api_url {text:?}: {error}")))?;
    if url.path().trim_end_matches('/') != "/v1" || url.query().is_some() || url.fragment().is_some() {
        return Err(bad(format!(
            "api_url {text:?}: the data API is under /v1, such as https://api.example/v1"
        )));
    }
    if url.scheme() != "https" && !is_loopback(text) {
        return Err(bad(format!("api_url {text:?}: beyond this machine it must start with https://")));
    }
    Ok(format!("{}/v1", url.origin().ascii_serialization()))
}

#[cfg(test)]
mod tests;
