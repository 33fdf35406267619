//! Every kind of secret at every door that takes another kind: as it is, and with its digits moved below the
//! prefix of that door with a checksum that is right. The kind goes into the hash, so neither opens anything.

use rules::role::Role;
use rules::secret::{Code, SetupToken};

use crate::support::{Client, Flow, TestApp, Tokens, credentials_in};

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The digits of a secret below another prefix, with the checksum of the whole.
fn relabelled(prefix: &str, secret: &str) -> String {
    let body = format!("{prefix}{}", &secret[secret.len() - 49..secret.len() - 6]);
    let mut sum = crc32(body.as_bytes());
    let mut digits = [b'0'; 6];
    for digit in digits.iter_mut().rev() {
        *digit = BASE62[(sum % 62) as usize];
        sum /= 62;
    }
    body + std::str::from_utf8(&digits).unwrap()
}

/// CRC-32 as in zip files, bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    let step = |sum: u32, _| if sum & 1 == 1 { (sum >> 1) ^ 0xedb8_8320 } else { sum >> 1 };
    !bytes.iter().fold(!0, |sum, byte| (0..8).fold(sum ^ u32::from(*byte), step))
}

/// What opens a door, and whether it opened.
struct Door<'d> {
    name: &'static str,
    prefix: &'static str,
    opens: Box<dyn Fn(&str) -> bool + 'd>,
}

fn doors<'d>(app: &'d TestApp, client: &'d Client) -> [Door<'d>; 7] {
    let flow = Flow::new(app, client);
    let again = flow.clone();
    [
        Door {
            name: "code",
            prefix: "ac_bsn_",
            opens: Box::new(move |secret| taken(&flow.redeem(secret), 400)),
        },
        Door {
            name: "refresh token",
            prefix: "rt_bsn_",
            opens: Box::new(move |secret| taken(&again.refresh(secret), 400)),
        },
        Door {
            name: "access token",
            prefix: "at_bsn_",
            opens: Box::new(|secret| taken(&app.program(secret).get("/v1/me"), 401)),
        },
        Door {
            name: "client secret",
            prefix: "csbsn",
            opens: Box::new(|secret| {
                let fields = [("grant_type", "refresh_token"), ("refresh_token", "x")];
                // The refresh token is wrong, so 400 is what a right secret gets.
                app.token_call().basic(&client.id, secret).form(&fields).send().status.as_u16() != 401
            }),
        },
        Door {
            name: "introspection",
            prefix: "at_bsn_",
            opens: Box::new(|secret| {
                let call = app.token_call().to("/oauth2/introspect").from(client, &[("token", secret)]);
                call.send().json()["active"] == true
            }),
        },
        Door { name: "session", prefix: "se_bsn_", opens: Box::new(|secret| session(app, secret)) },
        Door { name: "browser", prefix: "br_bsn_", opens: Box::new(|secret| browser(app, secret)) },
    ]
}

fn taken(answer: &crate::support::Answer, refusal: u16) -> bool {
    answer.status.as_u16() != refusal
}

fn session(app: &TestApp, secret: &str) -> bool {
    let visitor = app.browser();
    visitor.set_cookie("session", secret);
    !visitor.get("/settings/connections").words().contains("Sign in to continue")
        && !visitor.page().asked.contains("/login")
}

/// Whether a browser that shows this cookie is that of the waiting request.
fn browser(app: &TestApp, secret: &str) -> bool {
    let client = app.confidential("devices:read");
    let own = app.browser();
    let login = Flow::new(app, &client).start(&own).asked.split_once(' ').unwrap().1.to_owned();
    let visitor = app.browser();
    visitor.set_cookie("browser", secret);
    visitor.get(&login).status.as_u16() != 410
}

/// One working secret of each kind, and a few texts that are none.
fn secrets(app: &TestApp, client: &Client) -> Vec<(&'static str, String)> {
    let member = app.member(Role::Owner);
    let browser = app.signed_in(&member);
    let flow = Flow::new(app, client);
    let code = || flow.clone().with("prompt", "consent").code(&member);
    let (tokens, waiting) = (Tokens::of(&flow.redeem(&code())), code());
    let page = flow.clone().with("prompt", "consent").start(&browser);
    let setup = app.read(|tx| Ok(app.app.mint.format.mint::<SetupToken>(tx.random()?)));
    vec![
        ("api key", app.key("devices:read").secret),
        ("access token", tokens.access.clone()),
        ("refresh token", tokens.refresh().to_owned()),
        ("code", waiting),
        ("session", browser.cookie("session").unwrap()),
        ("browser", browser.cookie("browser").unwrap()),
        ("set-up token", setup.expose().to_owned()),
        ("client secret", client.secret.clone().unwrap()),
        ("form token", browser.csrf_token()),
        ("request id", page.asked.rsplit('/').next().unwrap().to_owned()),
        ("client id", client.id.clone()),
        ("password", member.password),
    ]
}

#[test]
fn a_secret_opens_no_door_but_its_own_whatever_stands_before_its_digits() {
    let app = TestApp::new();
    let client = app.confidential("devices:read offline_access");
    let secrets = secrets(&app, &client);
    let mut tried = 0;
    for door in doors(&app, &client) {
        for (kind, secret) in secrets.iter().filter(|(kind, _)| *kind != door.name) {
            // One door for both, by design.
            if [
                ("access token", "api key"),
                ("introspection", "access token"),
                ("introspection", "refresh token"),
            ]
            .contains(&(door.name, kind))
            {
                continue;
            }
            assert!(!(door.opens)(secret), "{kind} as {}", door.name);
            tried += 1;
            if credentials_in(secret).len() == 1 {
                assert!(
                    !(door.opens)(&relabelled(door.prefix, secret)),
                    "relabelled {kind} as {}",
                    door.name
                );
                tried += 1;
            }
        }
    }
    assert!(tried >= 100, "{tried}");
}

#[test]
fn a_relabelled_secret_looks_right_and_each_door_opens_for_its_own() {
    let app = TestApp::new();
    let client = app.confidential("devices:read offline_access");
    let secrets = secrets(&app, &client);
    let of = |kind: &str| secrets.iter().find(|(known, _)| *known == kind).unwrap().1.as_str();
    let code = relabelled("ac_bsn_", of("access token"));
    assert!(app.app.mint.format.read::<Code>(&code).is_ok(), "only the hash can tell");
    assert_eq!(relabelled("ac_bsn_", of("code")), of("code"));
    for door in doors(&app, &client).iter().filter(|door| door.name != "browser") {
        let own = if door.name == "introspection" { "access token" } else { door.name };
        assert!((door.opens)(of(own)), "{}", door.name);
    }
}
