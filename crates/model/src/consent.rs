//! Consents: each press of Allow, and what it binds the tokens that follow to.
//!
//! A person gives an application one grant per organization, by one consent or by several over time. Tokens hang on
//! the consent that they came from, so a later one gives nothing to tokens that are out already: whoever holds
//! those may be somebody else. What a later consent leaves out is taken from the earlier ones too, because the
//! person has just said so.

use rules::access::{Access, Credential, DeviceSet, Principal};
use rules::id::{ConsentId, GrantId, OrganizationId, PersonId};
use rules::role::Role;
use rules::scope::{ScopeList, ScopeSet};

use crate::application::Application;
use crate::device_set::{self, Devices};
use crate::session::Session;
use crate::{Result, Tx};
use db::params;

/// Where a code or token comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) grant: GrantId,
    pub(crate) consent: ConsentId,
}

/// What one press of Allow decides.
pub(crate) struct Decision<'a> {
    /// All that the application asked for.
    pub(crate) asked: ScopeSet,
    /// What it was given of that.
    pub(crate) given: &'a ScopeList,
    /// For which devices.
    pub(crate) devices: &'a Devices,
}

/// Who consents to what application, and for which organization.
pub(crate) struct Parties<'a> {
    pub(crate) application: &'a Application,
    pub(crate) person: &'a PersonId,
    pub(crate) organization: &'a OrganizationId,
    /// The person's role there.
    pub(crate) role: Role,
}

impl Parties<'_> {
    /// Writes the consent, into the grant that is there or a new one, and narrows the earlier ones.
    pub(crate) fn store(
        &self,
        tx: &mut Tx<'_>,
        session: &Session,
        decision: &Decision<'_>,
    ) -> Result<Origin> {
        let now = tx.now();
        let live = self.live(tx)?;
        let left_out = decision.asked.without(decision.given.set());
        let held = live.iter().flat_map(|(_, held)| held.iter()).filter(|scope| !left_out.contains(*scope));
        let all: ScopeList = held.chain(decision.given.iter()).collect();
        let grant = match live {
            Some((grant, _)) => grant,
            None => GrantId::new(now, tx.random()?),
        };
        tx.execute(
            "INSERT INTO oauth_grant (id, client_id, person_id, organization_id, scopes, created_at, approved_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6)
             ON CONFLICT (id) DO UPDATE SET scopes = excluded.scopes, approved_at = excluded.approved_at",
            params![
                grant.as_str(),
                self.application.client_id.as_str(),
                self.person.as_str(),
                self.organization.as_str(),
                &all.to_string(),
                now
            ],
        )?;
        let consent = self.add(tx, &grant, session, decision)?;
        narrow_scopes(tx, (&grant, &consent), left_out)?;
        narrow_devices(tx, (&grant, &consent), decision.devices)?;
        tx.bump(self.organization.as_str());
        Ok(Origin { grant, consent })
    }

    fn add(
        &self,
        tx: &mut Tx<'_>,
        grant: &GrantId,
        session: &Session,
        decision: &Decision<'_>,
    ) -> Result<ConsentId> {
        let now = tx.now();
        let consent = ConsentId::new(now, tx.random()?);
        tx.execute(
            "INSERT INTO consent (id, grant_id, scopes, devices, created_at) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![
                consent.as_str(),
                grant.as_str(),
                &decision.given.to_string(),
                decision.devices.word(),
                now
            ],
        )?;
        device_set::store(tx, &self.access(session), consent.as_str(), decision.devices)?;
        tx.execute(
            "UPDATE oauth_grant SET consent_id = ?2 WHERE id = ?1",
            params![grant.as_str(), consent.as_str()],
        )?;
        Ok(consent)
    }

    /// The live grant, with all that its consents give.
    fn live(&self, tx: &mut Tx<'_>) -> Result<Option<(GrantId, ScopeList)>> {
        let found = tx.optional(
            "SELECT id, scopes FROM oauth_grant WHERE client_id = ?1 AND person_id = ?2
             AND organization_id = ?3 AND revoked_at IS NULL",
            params![self.application.client_id.as_str(), self.person.as_str(), self.organization.as_str()],
            |row| Ok((row.parse(0)?, row.parse(1)?)),
        )?;
        Ok(found)
    }

    /// The newest consent that covers all these scopes by itself, on some device at least.
    pub(crate) fn covering(&self, tx: &mut Tx<'_>, scopes: ScopeSet) -> Result<Option<Origin>> {
        let Some((grant, _)) = self.live(tx)? else { return Ok(None) };
        let consents = tx.all(
            "SELECT id, scopes FROM consent WHERE grant_id = ?1
               AND (devices = 'all' OR EXISTS (
                   SELECT 1 FROM device_choice JOIN device ON device.id = device_choice.device_id
                   WHERE device_choice.holder_id = consent.id AND device.organization_id = ?2))
             ORDER BY created_at DESC, id DESC",
            params![grant.as_str(), self.organization.as_str()],
            |row| Ok((row.parse::<ConsentId>(0)?, row.parse::<ScopeList>(1)?)),
        )?;
        let covering = consents.into_iter().find(|(_, given)| given.set().contains_all(scopes));
        Ok(covering.map(|(consent, _)| Origin { grant, consent }))
    }

    /// What the person may do in the organization they consent for, which need not be the session's.
    fn access(&self, session: &Session) -> Access {
        Access {
            organization: self.organization.clone(),
            scopes: self.role.scopes(),
            devices: DeviceSet::All,
            principal: Principal::User(self.person.clone()),
            credential: Credential::Session { id: session.id.clone(), role: self.role },
            expires_at: None,
        }
    }
}

/// Takes these scopes from the grant's earlier consents.
fn narrow_scopes(tx: &mut Tx<'_>, (grant, latest): (&GrantId, &ConsentId), left_out: ScopeSet) -> Result<()> {
    if left_out.is_empty() {
        return Ok(());
    }
    let earlier = tx.all(
        "SELECT id, scopes FROM consent WHERE grant_id = ?1 AND id <> ?2",
        params![grant.as_str(), latest.as_str()],
        |row| Ok((row.parse::<ConsentId>(0)?, row.parse::<ScopeList>(1)?)),
    )?;
    for (consent, given) in earlier {
        let kept = given.within(given.set().without(left_out));
        tx.execute(
            "UPDATE consent SET scopes = ?2 WHERE id = ?1",
            params![consent.as_str(), &kept.to_string()],
        )?;
    }
    Ok(())
}

/// Bounds the grant's earlier consents by the devices just chosen.
fn narrow_devices(tx: &mut Tx<'_>, (grant, latest): (&GrantId, &ConsentId), devices: &Devices) -> Result<()> {
    if *devices == Devices::All {
        return Ok(());
    }
    let both = params![grant.as_str(), latest.as_str()];
    tx.execute(
        "INSERT INTO device_choice (holder_id, device_id)
         SELECT consent.id, device_choice.device_id FROM consent, device_choice
         WHERE consent.grant_id = ?1 AND consent.id <> ?2 AND consent.devices = 'all'
           AND device_choice.holder_id = ?2",
        both,
    )?;
    tx.execute(
        "UPDATE consent SET devices = 'chosen' WHERE grant_id = ?1 AND id <> ?2 AND devices = 'all'",
        both,
    )?;
    tx.execute(
        "DELETE FROM device_choice
         WHERE holder_id IN (SELECT id FROM consent WHERE grant_id = ?1 AND id <> ?2)
           AND device_id NOT IN (SELECT device_id FROM device_choice WHERE holder_id = ?2)",
        both,
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use db::{Clock, Db};

    use super::*;

    /// A grant as it was stored before consents had a table of their own.
    const BEFORE: [&str; 10] = [
        "INSERT INTO organization VALUES ('org_1', 'Harbour', 'live', 1, NULL)",
        "INSERT INTO person VALUES ('usr_1', 'ada@harbour.example', 'Ada', '', NULL, NULL, 1)",
        "INSERT INTO application (client_id, organization_id, name, client_type, pkce, scopes, optional_scopes,
             created_at, updated_at) VALUES ('app1', 'org_1', 'Tides', 'public', 'required', '', '', 1, 1)",
        "INSERT INTO device (id, organization_id, name, serial_number, interval_seconds, created_at)
             VALUES ('dev_1', 'org_1', 'Buoy', '1', 600, 1)",
        "INSERT INTO oauth_grant (id, client_id, person_id, organization_id, scopes, devices, created_at, approved_at)
             VALUES ('grt_1', 'app1', 'usr_1', 'org_1', 'devices:read', 'chosen', 1, 7)",
        "INSERT INTO device_choice VALUES ('grt_1', 'dev_1')",
        "INSERT INTO device_choice VALUES ('key_1', 'dev_1')",
        "INSERT INTO token_family (id, grant_id, client_id, created_at, expires_at)
             VALUES ('fam_1', 'grt_1', 'app1', 1, 9)",
        "INSERT INTO access_token VALUES (x'01', 'fam_1', 'devices:read', 1, 9)",
        "INSERT INTO refresh_token VALUES (x'02', 'fam_1', 'devices:read', 1, 9, NULL)",
    ];

    #[test]
    fn a_grant_from_before_becomes_its_own_first_consent() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("bluesonde.db");
        let open = |migrations: &refinery::Runner| {
            Db::open(&path, migrations, Clock::manual(jiff::Timestamp::UNIX_EPOCH)).unwrap()
        };
        let old = open(&crate::migrations().set_target(refinery::Target::Version(3)));
        old.write_blocking(|tx| {
            for statement in BEFORE {
                tx.execute(statement, params![])?;
            }
            Ok::<_, crate::Error>(())
        })
        .unwrap();
        drop(old);
        let read = |sql: &'static str| {
            open(&crate::migrations()).read_blocking(|tx| {
                Ok::<_, crate::Error>(tx.all(sql, params![], |row| row.get::<String>(0))?)
            })
        };
        let devices = "SELECT holder_id FROM device_choice ORDER BY holder_id";
        assert_eq!(read(devices).unwrap(), ["con_1", "key_1"]);
        let bound = "SELECT consent.id || consent.scopes || consent.devices FROM token_family
             JOIN consent ON consent.id = token_family.consent_id
             JOIN oauth_grant ON oauth_grant.consent_id = consent.id";
        assert_eq!(read(bound).unwrap(), ["con_1devices:readchosen"]);
    }
}
