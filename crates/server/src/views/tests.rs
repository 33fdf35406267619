//! What must hold on every page, and what each page must say.

mod samples;

use samples::{HOSTILE, pages};

fn page(name: &str) -> String {
    pages().into_iter().find(|(candidate, _)| *candidate == name).map(|(_, html)| html).unwrap()
}

/// The opening tags of the given element.
fn tags<'a>(html: &'a str, element: &str) -> Vec<&'a str> {
    let start = format!("<{element} ");
    html.split(&start).skip(1).map(|rest| rest.split('>').next().unwrap()).collect()
}

fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    tag.split(&format!("{name}=\"")).nth(1)?.split('"').next()
}

#[test]
fn nothing_is_inline_that_the_security_policy_forbids() {
    for (name, html) in pages() {
        for banned in
            [" style=", "<style", " onclick=", " onsubmit=", " onload=", "javascript:", "<script>", HOSTILE]
        {
            assert!(!html.contains(banned), "{name} holds {banned}");
        }
        assert_eq!(html.matches("<script").count(), 1, "{name}: the module and nothing else");
    }
}

#[test]
fn nothing_is_fetched_from_elsewhere() {
    for (name, html) in pages() {
        let fetched = ["script", "link", "img"].into_iter().flat_map(|element| tags(&html, element));
        for tag in fetched {
            let address = attribute(tag, "src").or(attribute(tag, "href")).unwrap();
            assert!(address.starts_with("/assets/"), "{name} fetches {address}");
        }
    }
}

#[test]
fn every_page_has_one_h1_one_main_a_language_and_a_way_past_the_navigation() {
    for (name, html) in pages() {
        for once in ["<h1>", "<main ", "<html lang=\"en\">", "href=\"#main\"", "role=\"status\""] {
            assert_eq!(html.matches(once).count(), 1, "{name}: {once}");
        }
    }
}

#[test]
fn no_id_appears_twice() {
    for (name, html) in pages() {
        let mut ids: Vec<_> =
            html.split(" id=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
        let all = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), all, "{name}: {ids:?}");
    }
}

#[test]
fn every_input_has_a_label() {
    for (name, html) in pages() {
        for (at, _) in html.match_indices("<input ").chain(html.match_indices("<textarea ")) {
            let tag = html[at..].split('>').next().unwrap();
            if tag.contains("type=\"hidden\"") {
                continue;
            }
            let wrapped =
                html[..at].rfind("<label").is_some_and(|label| !html[label..at].contains("</label>"));
            let pointed = attribute(tag, " id").is_some_and(|id| html.contains(&format!("for=\"{id}\"")));
            assert!(wrapped || pointed, "{name}: {tag}");
        }
    }
}

#[test]
fn every_reference_to_an_id_leads_somewhere() {
    for (name, html) in pages() {
        for reference in
            ["aria-describedby", "aria-labelledby", "for", "data-copy", "data-filter", "data-from"]
        {
            for value in
                html.split(&format!(" {reference}=\"")).skip(1).map(|rest| rest.split('"').next().unwrap())
            {
                for id in value.split(' ') {
                    assert!(html.contains(&format!(" id=\"{id}\"")), "{name}: {reference} points at {id}");
                }
            }
        }
        for anchor in html.split("href=\"#").skip(1).map(|rest| rest.split('"').next().unwrap()) {
            assert!(html.contains(&format!(" id=\"{anchor}\"")), "{name}: a link to #{anchor}");
        }
    }
}

#[test]
fn every_form_that_posts_carries_the_token() {
    for (name, html) in pages() {
        for form in html.split("<form ").skip(1).map(|rest| rest.split("</form>").next().unwrap()) {
            let is_read = form.contains("method=\"get\"");
            assert_ne!(is_read, form.contains("name=\"csrf_token\""), "{name}: {form}");
        }
    }
}

/// What each page must say: the documented labels, field names and facts.
const SAID: &[(&str, &[&str])] = &[
    (
        "api_keys",
        &["Developer Settings", "API Keys", "OAuth Applications", "Create an API Key", "Ends soon", "Never"],
    ),
    ("api_keys_empty", &["Create an API Key", "curl"]),
    (
        "api_keys_new",
        &[
            "Create an API Key",
            "name=\"scope\"",
            "name=\"devices\"",
            "name=\"device_id\"",
            "name=\"expiry\"",
            "name=\"expiry_date\"",
        ],
    ),
    (
        "api_keys_created",
        &[
            "data-secret",
            "readonly",
            "shared, stored in plaintext, or distributed",
            "Authorization: Bearer sk_test_bsn_",
        ],
    ),
    ("api_keys_show", &["Revoke this key", "/settings/developer/api-keys/key_22/revoke", "10.0.0.0/24"]),
    ("applications", &["OAuth Applications", "Create an OAuth Application"]),
    (
        "applications_new",
        &[
            "Application Name",
            "Redirect URIs",
            "Scopes",
            "Can your application keep a secret?",
            "PKCE",
            "role that has every scope listed here",
            "name=\"optional_scope\"",
            "name=\"client_type\"",
            "name=\"require_pkce\"",
            "name=\"privacy_policy_url\"",
        ],
    ),
    ("applications_created", &["Client ID", "Client secret", "data-secret"]),
    (
        "applications_show",
        &["Python (Authlib)", "JavaScript (oauth4webapi)", "Add a secret", "Delete this application"],
    ),
    (
        "connections",
        &[
            "Tide Ledger",
            "Saltmarsh Software",
            "Estuary Mouth",
            "All devices",
            "Remove access",
            "/settings/connections/grt_1/revoke",
        ],
    ),
    ("connections_empty", &["No connections yet", "Harbour Trust"]),
    ("members", &["Members", "Last seen", "(you)", "Disabled", "name=\"q\""]),
    ("member", &["Change the role", "name=\"role\"", "Remove this member", "3 that still work"]),
    ("member_oneself", &["Nobody changes their own role"]),
    ("member_above", &["Only an Owner can change or remove an Owner"]),
    ("member_secrets", &["may have kept them", "/settings/developer/api-keys/key_14/revoke", "…x7Qa"]),
    ("organization", &["Step down", "Leave this organization", "Switch to it"]),
    ("organization_alone", &["You are the only Owner"]),
    ("invitations", &["Make an invitation", "name=\"email\"", "name=\"role\"", "/invitations/inv_20/revoke"]),
    ("invited", &["data-secret", "only time it is shown", "Send it to nobody else"]),
    ("welcome_new", &["Make an account and join", "autocomplete=\"new-password\"", "ines@harbour.example"]),
    ("welcome_known", &["Sign in with it"]),
    ("welcome_other", &["signed in as", "jonas@harbour.example"]),
    ("roles", &["Create a role", "Laboratory", "Built-in role"]),
    ("role", &["2 members have", "Delete this role"]),
    (
        "consent",
        &[
            "Verified by Bluesonde",
            "Privacy policy",
            "Signed in as",
            "Switch account",
            "tide.example",
            "name=\"organization_id\"",
            "until you remove it",
        ],
    ),
    (
        "consent_unverified",
        &["Not verified by Bluesonde", "Be sure you trust this application", "Whose data?"],
    ),
    (
        "audit_log",
        &[
            "API key created",
            "Maren Okafor",
            "Tide Ledger",
            "name=\"actor\"",
            "events.csv",
            "/settings/organization/audit-log?actor=usr_1",
        ],
    ),
    (
        "audit_log_filtered",
        &["Choose a day", "Nothing in the log fits this filter.", "<details class=\"fold\" open>"],
    ),
    ("consent_refused", &["observations:write", "Operator", "Maren Okafor", "access_denied"]),
    (
        "login",
        &[
            "name=\"email\"",
            "name=\"password\"",
            "autocomplete=\"current-password\"",
            "autocomplete=\"username\"",
            "Tide Ledger",
        ],
    ),
    (
        "code",
        &["name=\"code\"", "autocomplete=\"one-time-code\"", "recovery codes", "Sign in as somebody else"],
    ),
    ("confirm", &["name=\"password\"", "name=\"code\"", "autocomplete=\"current-password\""]),
    ("reset", &["name=\"email\"", "autocomplete=\"username\"", "Back to signing in"]),
    ("reset_without_mail", &["sends no mail", "help@bluesonde.example"]),
    ("reset_password", &["name=\"password\"", "autocomplete=\"new-password\"", "At least 12 characters"]),
    (
        "profile",
        &[
            "name=\"current_password\"",
            "name=\"end_applications\"",
            "autocomplete=\"new-password\"",
            "Set up two-factor",
            "This browser",
            "Firefox on Linux",
            "/settings/profile/sessions/ses_2/end",
            "Sign out everywhere else",
        ],
    ),
    ("profile_with_factor", &["2 of 10", "Few recovery codes are left", "Remove two-factor"]),
    ("two_factor", &["<svg class=\"qr\"", "role=\"img\"", "name=\"enrolment\"", "Type this key"]),
    ("recovery_codes", &["only time you see them", "data-copy=\"recovery-codes\""]),
    ("policies", &["name=\"admins_need_two_factor\"", "Set up two-factor for yourself first"]),
    ("error", &["<mark>/</mark>", "The slash at the end differs.", "req_01jq8x2nv6t4m9c3k7"]),
    ("wall", &["Organization Admin", "Viewer", "jonas@harbour.example", "help@bluesonde.example"]),
    ("device", &["Water temperature", "14.62", "Suspect", "Missing", "No observations in this range."]),
    ("docs", &["observations:write", "/v1/devices/{id}", "OpenAPI document"]),
];

#[test]
fn the_pages_carry_the_documented_labels() {
    for (name, words) in SAID {
        let html = page(name);
        for word in *words {
            assert!(html.contains(word), "{name} lacks {word}");
        }
    }
}

#[test]
fn consent_offers_cancel_and_allow_and_ticks_nothing_optional() {
    let html = page("consent");
    let deny = html.find("name=\"decision\" value=\"deny\"").unwrap();
    let allow = html.find("name=\"decision\" value=\"allow\"").unwrap();
    assert!(deny < allow);
    assert!(!html.contains("autofocus"));
    let optional = tags(&html, "input").into_iter().filter(|tag| tag.contains("name=\"scope\""));
    assert!(optional.clone().count() > 0 && optional.clone().all(|tag| !tag.contains(" checked")));
}

#[test]
fn one_warning_at_most_and_none_for_a_verified_application() {
    for (name, warnings) in [("consent", 0), ("consent_unverified", 1)] {
        assert_eq!(page(name).matches("class=\"alert").count(), warnings, "{name}");
    }
}

#[test]
fn a_secret_is_in_no_address() {
    for name in ["api_keys_created", "applications_created"] {
        let html = page(name);
        for address in html.split("href=\"").skip(1).chain(html.split("action=\"").skip(1)) {
            let address = address.split('"').next().unwrap();
            assert!(!address.contains("sk_") && !address.contains("csbsn"), "{name}: {address}");
        }
    }
}

#[test]
fn a_public_application_is_shown_no_secret_and_its_snippets_use_pkce() {
    let html = page("applications_public");
    assert!(!html.contains("Client secrets") && !html.contains("CLIENT_SECRET"));
    assert!(html.contains("code_challenge") && html.contains("oauth.None()"));
}

#[test]
fn a_confidential_application_may_follow_the_plain_recipe() {
    let html = page("applications_show");
    let curl = html.split("id=\"curl\">").nth(1).unwrap().split("</pre>").next().unwrap();
    assert!(
        curl.contains("response_type=code")
            && curl.contains("CLIENT_SECRET")
            && !curl.contains("code_challenge")
    );
}

#[test]
fn a_mistake_is_tied_to_its_field_and_listed_first() {
    let html = page("applications_wrong");
    let field = tags(&html, "textarea").into_iter().find(|tag| tag.contains("redirect_uris")).unwrap();
    assert!(
        field.contains("aria-invalid=\"true\"")
            && field.contains("aria-describedby=\"redirect_uris-hint redirect_uris-error\"")
    );
    assert!(html.find("href=\"#redirect_uris\"").unwrap() < html.find("<form class=\"stack\"").unwrap());
}
