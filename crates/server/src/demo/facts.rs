//! `demo.json`: where the demo is, and everything that opens it, for people and scripts.
//!
//! The one place where credentials are written down in the clear, because a demo is to be tried. The file is its
//! owner's alone (mode 0600) and is replaced whole: a reader sees the old one or the new one, never half of one.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::Context;
use serde::{Deserialize, Serialize};

use rules::id::{ApiKeyId, ClientId, DeviceId, OrganizationId, PersonId};
use rules::scope::ScopeList;

use crate::config::Site;

/// The whole file.
#[derive(Clone, Serialize, Deserialize)]
pub struct Facts {
    /// The issuer, and where people sign in.
    pub issuer: String,
    /// The base of the data API.
    pub api: String,
    /// Developer Settings.
    pub console: String,
    /// Each with what belongs to it; the first has everything.
    pub organizations: Vec<Organization>,
}

/// An organization and what opens it.
#[derive(Clone, Serialize, Deserialize)]
pub struct Organization {
    /// Its id.
    pub id: OrganizationId,
    /// Its name.
    pub name: String,
    /// Its devices, in the order of `GET /v1/devices`.
    pub device_ids: Vec<DeviceId>,
    /// Its members, in rising rank.
    pub users: Vec<User>,
    /// Its keys, the narrowest first.
    pub api_keys: Vec<ApiKey>,
    /// What it publishes.
    pub oauth_applications: Vec<Application>,
}

/// Somebody who can sign in.
#[derive(Clone, Serialize, Deserialize)]
pub struct User {
    /// Their id.
    pub id: PersonId,
    /// What they sign in with.
    pub email: String,
    /// Their password.
    pub password: String,
    /// The name of their role.
    pub role: String,
}

/// A key.
#[derive(Clone, Serialize, Deserialize)]
pub struct ApiKey {
    /// Its id.
    pub id: ApiKeyId,
    /// The key itself.
    pub key: String,
    /// What it may do.
    pub scopes: ScopeList,
}

/// An OAuth application.
#[derive(Clone, Serialize, Deserialize)]
pub struct Application {
    /// Its public name in the protocol.
    pub client_id: ClientId,
    /// Its secret; a public client has none.
    pub client_secret: Option<String>,
    /// Whether it is a public client.
    pub public: bool,
    /// Its name.
    pub name: String,
    /// Where people may be sent back to (loopback: on any port).
    pub redirect_uris: Vec<String>,
    /// Required scopes.
    pub scopes: ScopeList,
    /// Scopes that people may add.
    pub optional_scopes: ScopeList,
    /// What signs its deliveries; null while it has no webhook.
    pub webhook_secret: Option<String>,
}

impl Facts {
    /// The facts about these organizations on a server at `site`.
    pub fn new(site: &Site, organizations: Vec<Organization>) -> Self {
        Self {
            issuer: site.public_url.clone(),
            api: site.api_url.clone(),
            console: format!("{}/settings/developer", site.public_url),
            organizations,
        }
    }

    /// The same facts on a server at `site`.
    #[must_use]
    pub fn at(self, site: &Site) -> Self {
        Self::new(site, self.organizations)
    }

    /// Reads the file. Errors say which file is missing or damaged, and how.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                anyhow::bail!("{} is missing", path.display())
            }
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
        };
        serde_json::from_str(&text).with_context(|| format!("{} is damaged", path.display()))
    }

    /// Puts the file in place, whole and on disk when this returns.
    pub fn write(&self, path: &Path) -> anyhow::Result<()> {
        let text = serde_json::to_string_pretty(self)?;
        replace(path, &text).with_context(|| format!("cannot write {}", path.display()))
    }
}

fn replace(path: &Path, text: &str) -> io::Result<()> {
    let fresh = path.with_extension("json.new");
    // Left by a start that was cut short, perhaps with another mode.
    match fs::remove_file(&fresh) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&fresh)?;
    writeln!(file, "{text}")?;
    file.sync_all()?;
    fs::rename(&fresh, path)?;
    path.parent().map_or(Ok(()), |directory| File::open(directory)?.sync_all())
}
