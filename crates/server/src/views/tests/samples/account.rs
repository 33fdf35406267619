//! Everything about one's own account: signing in by steps, a lost password, the profile, the policy.

use super::{HOSTILE, instant};
use crate::views::code::{self, CodePage};
use crate::views::confirm::{self, Confirm};
use crate::views::parts::Errors;
use crate::views::policies::{self, Policies};
use crate::views::profile::{self, Profile, SessionRow};
use crate::views::reset::{self, Ask, NewPassword};
use crate::views::two_factor::{self, Codes, Setup};
use crate::views::{Nav, Place};
use maud::Markup;
use rules::one_time::{SEED, Seed, recovery_code};

fn mistake(field: &str, message: &str) -> Errors {
    Errors(vec![(field.to_owned(), message.to_owned())])
}

pub(super) fn console_pages() -> Vec<(&'static str, Place, Markup)> {
    let wrong = mistake("current_password", "This is not the password that you have now.");
    vec![
        ("profile", Place::Profile, profile::show(&profile_page(None, Errors::default()))),
        ("profile_with_factor", Place::Profile, profile::show(&profile_page(Some(2), Errors::default()))),
        ("profile_wrong", Place::Profile, profile::show(&profile_page(Some(10), wrong))),
        ("two_factor", Place::Profile, two_factor::set_up(&set_up())),
        ("recovery_codes", Place::Profile, two_factor::codes(&codes())),
        ("policies", Place::Organization, policies::policies(&policy_page(None))),
        (
            "organization_strict",
            Place::Organization,
            policies::policies(&policy_page(Some("2026-07-01T08:00:00Z"))),
        ),
    ]
}

pub(super) fn lone_pages() -> Vec<(&'static str, Nav<'static>, Markup)> {
    let ask = |errors| Ask { csrf: "token".into(), email: "maren".into(), errors };
    let password = NewPassword {
        action: "/reset/rst_1?token=x".into(),
        csrf: "token".into(),
        errors: mistake("password", "Use at least 12 characters."),
    };
    vec![
        ("code", Nav::SignedOut, code::code(&code_page())),
        ("confirm", Nav::SignedOut, confirm::confirm(&confirm_page())),
        ("reset", Nav::SignedOut, reset::ask(&ask(Errors::default()))),
        ("reset_wrong", Nav::SignedOut, reset::ask(&ask(mistake("email", "Enter an e-mail address.")))),
        ("reset_asked", Nav::SignedOut, reset::asked()),
        ("reset_without_mail", Nav::SignedOut, reset::without_mail(Some("help@bluesonde.example"))),
        ("reset_password", Nav::SignedOut, reset::new_password(&password)),
        ("reset_done", Nav::SignedOut, reset::done()),
    ]
}

fn code_page() -> CodePage {
    CodePage {
        action: "/login/code".into(),
        start_over: "/login".into(),
        csrf: "token".into(),
        error: Some("That code is wrong, too old or used already.".into()),
        application: Some(HOSTILE.into()),
    }
}

fn confirm_page() -> Confirm {
    Confirm {
        action: "/confirm?return_to=%2Fsettings%2Fprofile".into(),
        csrf: "token".into(),
        name: HOSTILE.into(),
        email: "maren@harbour.example".into(),
        needs_code: true,
        error: None,
    }
}

fn profile_page(codes_left: Option<u32>, errors: Errors) -> Profile {
    let session = |id: &str, user_agent: &str| SessionRow {
        id: id.into(),
        is_this: id == "ses_1",
        address: "192.0.2.17".into(),
        user_agent: user_agent.into(),
        created_at: instant("2026-07-10T07:00:00Z"),
        seen_at: instant("2026-07-14T09:00:00Z"),
    };
    Profile {
        csrf: "token".into(),
        name: HOSTILE.into(),
        email: "maren@harbour.example".into(),
        organization: HOSTILE.into(),
        role: "Organization Admin".into(),
        second_factor: codes_left.map(|left| (instant("2026-06-01T12:00:00Z"), left)),
        owes_second_factor: codes_left.is_none(),
        sessions: vec![
            session("ses_1", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"),
            session("ses_2", HOSTILE),
        ],
        errors,
    }
}

fn set_up() -> Setup {
    let seed = Seed::new([7; SEED]);
    Setup {
        action: "/settings/profile/two-factor".into(),
        csrf: "token".into(),
        sealed: "sealed".into(),
        secret: seed.text(),
        address: seed.address("Bluesonde", "maren@harbour.example"),
        demanded_by: Some(HOSTILE.into()),
        error: Some("That is not the code that your app shows now.".into()),
    }
}

fn codes() -> Codes {
    Codes { codes: (0..10).map(|n| recovery_code([n * 3; 16])).collect(), go_on: "/settings/profile".into() }
}

fn policy_page(since: Option<&str>) -> Policies {
    Policies {
        csrf: "token".into(),
        two_factor_since: since.map(instant),
        has_second_factor: since.is_some(),
        errors: Errors::default(),
    }
}
