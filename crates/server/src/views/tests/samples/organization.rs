//! The Organization section, in the states that matter.

use super::{HOSTILE, choices, instant, lines};
use crate::views::Elsewhere;
use crate::views::members::{
    MemberIndex, MemberRow, MemberSecrets, MemberShow, RoleChoice, SecretRow, Standing,
};
use crate::views::organization::{Membership, Ownership};
use crate::views::parts::{Errors, Pages, ScopeKind};
use crate::views::roles::{BuiltInRow, RoleForm, RoleIndex, RoleRow};

fn member(name: &str, role: &str, standing: Standing) -> MemberRow {
    MemberRow {
        id: format!("usr_{}", name.len()),
        name: name.into(),
        email: format!("person-{}@harbour.example", name.len()),
        role: role.into(),
        since: instant("2026-02-03T08:00:00Z"),
        last_seen_at: name.len().is_multiple_of(2).then(|| instant("2026-07-14T08:12:00Z")),
        disabled_at: name.len().is_multiple_of(3).then(|| instant("2026-07-01T08:12:00Z")),
        standing,
    }
}

pub(super) fn member_index(search: &str) -> MemberIndex {
    let members = [
        member("Maren Okafor", "Owner", Standing::Oneself),
        member("Jonas Wirth", "Organization Admin", Standing::Manageable),
        member("Ines Duarte", HOSTILE, Standing::Manageable),
        member(HOSTILE, "Laboratory", Standing::Manageable),
        member("Tove Aalto", "Viewer", Standing::Manageable),
    ];
    MemberIndex {
        members: if search.is_empty() { members.into() } else { Vec::new() },
        pages: Pages { previous: None, next: Some("?after=usr_1".into()) },
        search: search.into(),
    }
}

pub(super) fn role_choices() -> Vec<RoleChoice> {
    [
        ("Viewer", "Sees devices and their measurements."),
        ("Operator", "Also changes devices, sends in measurements, and sees webhooks."),
        ("Organization Admin", "Also decides who and what has access."),
        (HOSTILE, "Read measurements · Read the audit log"),
    ]
    .map(|(name, note)| RoleChoice { name: name.into(), note: note.into() })
    .into()
}

pub(super) fn member_show(standing: Standing) -> MemberShow {
    let secrets = usize::from(standing == Standing::Manageable) * 3;
    MemberShow {
        csrf: "token".into(),
        member: member(HOSTILE, "Viewer", standing),
        roles: role_choices(),
        secrets,
    }
}

pub(super) fn member_secrets() -> MemberSecrets {
    let secret = |name: &str| SecretRow {
        id: format!("key_{}", name.len()),
        name: name.into(),
        last_four: "x7Qa".into(),
        created_at: instant("2026-03-01T00:00:00Z"),
        last_used_at: name.len().is_multiple_of(2).then(|| instant("2026-07-14T08:12:00Z")),
    };
    MemberSecrets {
        csrf: "token".into(),
        name: "Jonas Wirth".into(),
        keys: vec![secret("Nightly export"), secret(HOSTILE)],
        client_secrets: vec![secret("Tide Ledger")],
    }
}

pub(super) fn membership(ownership: Ownership) -> Membership {
    Membership {
        csrf: "token".into(),
        organization: "Harbour Trust".into(),
        role: "Owner".into(),
        scopes: lines(&["devices:read", "observations:read", "devices:write"]),
        ownership,
        elsewhere: vec![Elsewhere { id: "org_2".into(), name: HOSTILE.into() }],
    }
}

pub(super) fn own_roles() -> Vec<RoleRow> {
    let role = |name: &str, members| RoleRow {
        id: format!("rol_{}", name.len()),
        name: name.into(),
        scopes: lines(&["observations:read", "audit:read"]),
        members,
    };
    vec![role("Laboratory", 0), role(HOSTILE, 2)]
}

pub(super) fn role_index(own: Vec<RoleRow>) -> RoleIndex {
    let built_in = [
        BuiltInRow { name: "Viewer", purpose: "Sees devices and their measurements." },
        BuiltInRow {
            name: "Owner",
            purpose: "Also makes and removes other Owners. Every organization has at least one.",
        },
    ];
    RoleIndex { built_in: built_in.into(), own }
}

pub(super) fn role_form(existing: Option<RoleRow>) -> RoleForm {
    let scopes = choices(&["observations:read"]);
    RoleForm {
        csrf: "token".into(),
        name: existing.as_ref().map(|role| role.name.clone()).unwrap_or_default(),
        existing,
        scopes: scopes.into_iter().filter(|choice| choice.scope.kind != ScopeKind::Lasting).collect(),
        errors: Errors::default(),
    }
}
