//! The Organization section, in the states that matter.

use super::{HOSTILE, choices, instant, lines};
use crate::views::invitations::{self, Guest, InvitationIndex, InvitationRow, Invited, Welcome};
use crate::views::members::{
    self, MemberIndex, MemberRow, MemberSecrets, MemberShow, RoleChoice, SecretRow, Standing,
};
use crate::views::organization::{self, Membership, Ownership};
use crate::views::parts::{Errors, Pages, ScopeKind};
use crate::views::roles::{self, BuiltInRow, RoleForm, RoleIndex, RoleRow};
use crate::views::{Elsewhere, Nav, Place, Viewer};
use maud::Markup;
use rules::role::Role;

pub(super) fn pages() -> Vec<(&'static str, Place, Markup)> {
    vec![
        ("members", Place::Organization, members::index(&member_index(""))),
        ("members_none", Place::Organization, members::index(&member_index("nobody"))),
        ("member", Place::Organization, members::show(&member_show(Standing::Manageable))),
        ("member_oneself", Place::Organization, members::show(&member_show(Standing::Oneself))),
        ("member_above", Place::Organization, members::show(&member_show(Standing::Above))),
        ("member_secrets", Place::Organization, members::secrets(&member_secrets())),
        ("organization", Place::Organization, organization::show(&membership(Ownership::Shared))),
        ("organization_alone", Place::Organization, organization::show(&membership(Ownership::Alone))),
        ("invitations", Place::Organization, invitations::index(&invitation_index(Errors::default()))),
        (
            "invitations_wrong",
            Place::Organization,
            invitations::index(&invitation_index(invitation_mistakes())),
        ),
        ("invited", Place::Organization, invitations::invited(&invited())),
        ("roles", Place::Organization, roles::index(&role_index(own_roles()))),
        ("roles_none", Place::Organization, roles::index(&role_index(vec![]))),
        ("role_new", Place::Organization, roles::form(&role_form(None))),
        ("role", Place::Organization, roles::form(&role_form(own_roles().pop()))),
    ]
}

pub(super) fn lone_pages() -> Vec<(&'static str, Nav<'static>, Markup)> {
    vec![
        ("welcome", Nav::SignedOut, invitations::welcome(&welcome(Guest::Invited))),
        ("welcome_other", Nav::SignedOut, invitations::welcome(&welcome(somebody_else()))),
        ("welcome_known", Nav::SignedOut, invitations::welcome(&welcome(known()))),
        (
            "welcome_homeless",
            Nav::SignedOut,
            invitations::welcome(&welcome(Guest::Homeless { errors: Errors::default() })),
        ),
        ("welcome_new", Nav::SignedOut, invitations::welcome(&welcome(newcomer()))),
    ]
}

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

fn member_index(search: &str) -> MemberIndex {
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

fn role_choices() -> Vec<RoleChoice> {
    [
        ("Viewer", "Sees devices and their measurements."),
        ("Operator", "Also changes devices, sends in measurements, and sees webhooks."),
        ("Organization Admin", "Also decides who and what has access."),
        (HOSTILE, "Read measurements · Read the audit log"),
    ]
    .map(|(name, note)| RoleChoice { name: name.into(), note: note.into() })
    .into()
}

fn member_show(standing: Standing) -> MemberShow {
    let secrets = usize::from(standing == Standing::Manageable) * 3;
    MemberShow {
        csrf: "token".into(),
        member: member(HOSTILE, "Viewer", standing),
        roles: role_choices(),
        secrets,
    }
}

fn member_secrets() -> MemberSecrets {
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

fn membership(ownership: Ownership) -> Membership {
    Membership {
        csrf: "token".into(),
        organization: "Harbour Trust".into(),
        role: "Owner".into(),
        scopes: lines(&["devices:read", "observations:read", "devices:write"]),
        ownership,
        elsewhere: vec![Elsewhere { id: "org_2".into(), name: HOSTILE.into() }],
    }
}

fn own_roles() -> Vec<RoleRow> {
    let role = |name: &str, members| RoleRow {
        id: format!("rol_{}", name.len()),
        name: name.into(),
        scopes: lines(&["observations:read", "audit:read"]),
        members,
    };
    vec![role("Laboratory", 0), role(HOSTILE, 2)]
}

fn role_index(own: Vec<RoleRow>) -> RoleIndex {
    let built_in = [
        BuiltInRow { name: "Viewer", purpose: "Sees devices and their measurements." },
        BuiltInRow {
            name: "Owner",
            purpose: "Also makes and removes other Owners. Every organization has at least one.",
        },
    ];
    RoleIndex { built_in: built_in.into(), own }
}

fn role_form(existing: Option<RoleRow>) -> RoleForm {
    let scopes = choices(&["observations:read"]);
    RoleForm {
        csrf: "token".into(),
        name: existing.as_ref().map(|role| role.name.clone()).unwrap_or_default(),
        existing,
        scopes: scopes.into_iter().filter(|choice| choice.scope.kind != ScopeKind::Lasting).collect(),
        errors: Errors::default(),
    }
}

fn invitation(email: &str, role: &str) -> InvitationRow {
    InvitationRow {
        id: format!("inv_{}", email.len()),
        email: email.into(),
        role: role.into(),
        invited_by: "Maren Okafor".into(),
        created_at: instant("2026-07-13T08:00:00Z"),
        expires_at: instant("2026-07-20T08:00:00Z"),
    }
}

fn invitation_index(errors: Errors) -> InvitationIndex {
    InvitationIndex {
        csrf: "token".into(),
        invitations: vec![invitation("ines@harbour.example", "Viewer"), invitation("a@b.example", HOSTILE)],
        roles: role_choices(),
        email: HOSTILE.into(),
        role: "Viewer".into(),
        errors,
    }
}

fn invitation_mistakes() -> Errors {
    let mistake = |field: &str, message: &str| (field.to_owned(), message.to_owned());
    Errors(vec![
        mistake("email", "This address belongs to a member already."),
        mistake("role", "This organization has no such role."),
    ])
}

fn invited() -> Invited {
    Invited {
        link: format!("https://bluesonde.example/invitations?token=in_bsn_{}", "Ab1".repeat(15)),
        invitation: invitation("ines@harbour.example", "Viewer"),
        organization: "Harbour Trust".into(),
    }
}

fn somebody_else() -> Guest {
    Guest::SomebodyElse { email: "jonas@harbour.example".into() }
}

fn known() -> Guest {
    Guest::Known { sign_in: "/login?return_to=x".into() }
}

fn newcomer() -> Guest {
    let errors = Errors(vec![("password".into(), "Use at least 12 characters.".into())]);
    Guest::New { name: HOSTILE.into(), errors }
}

fn welcome(guest: Guest) -> Welcome {
    Welcome {
        action: "/invitations?token=x".into(),
        csrf: "token".into(),
        organization: HOSTILE.into(),
        role: "Viewer".into(),
        scopes: lines(&["devices:read", "observations:read"]),
        email: "ines@harbour.example".into(),
        guest,
    }
}

pub(super) fn elsewhere() -> [Elsewhere; 2] {
    ["Rival Reef", HOSTILE].map(|name| Elsewhere { id: "org_1".into(), name: name.into() })
}

pub(super) fn viewer(elsewhere: &[Elsewhere]) -> Viewer<'_> {
    Viewer {
        organization: "Harbour Trust",
        elsewhere,
        name: "Maren Okafor",
        csrf: "token",
        scopes: Role::Owner.scopes(),
    }
}
