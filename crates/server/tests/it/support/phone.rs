//! A person's phone, with an app that shows codes.

use rules::one_time::Seed;

use super::{Answer, Browser, TestApp};

/// The app, after it has scanned the page that offers a seed.
pub(crate) struct Phone<'a> {
    app: &'a TestApp,
    seed: Seed,
    /// The recovery codes that its owner wrote down.
    pub(crate) recovery_codes: Vec<String>,
}

impl<'a> Phone<'a> {
    /// Takes the key from the page that is open.
    #[track_caller]
    pub(crate) fn scan(app: &'a TestApp, page: &Answer) -> Self {
        let text = block(page, "secret").expect("a page with a key");
        let seed = Seed::from_bytes(&base32(&text)).expect("a key of twenty bytes");
        Self { app, seed, recovery_codes: Vec::new() }
    }

    /// Sets it up for the person who is signed in in this browser.
    #[track_caller]
    pub(crate) fn set_up(app: &'a TestApp, browser: &Browser<'_>) -> Self {
        let mut phone = Self::scan(app, &browser.get("/settings/profile/two-factor/new"));
        let page = browser.submit("/settings/profile/two-factor", &[("code", &phone.code())]);
        page.assert_status(200).assert_text("Your recovery codes");
        phone.recovery_codes = recovery_codes(&page);
        phone
    }

    /// What it shows now.
    pub(crate) fn code(&self) -> String {
        self.code_in(0)
    }

    /// What it shows so many seconds from now.
    pub(crate) fn code_in(&self, seconds: i64) -> String {
        self.seed.code_at(self.app.now() + jiff::SignedDuration::from_secs(seconds))
    }

    /// A code that it never shows near now.
    pub(crate) fn wrong_code(&self) -> String {
        let near: Vec<String> = (-2..=2).map(|step| self.code_in(step * 30)).collect();
        (0..10).map(|digit| format!("{digit}").repeat(6)).find(|code| !near.contains(code)).unwrap()
    }
}

/// The recovery codes on a page.
pub(crate) fn recovery_codes(page: &Answer) -> Vec<String> {
    block(page, "recovery-codes").expect("recovery codes").lines().map(str::to_owned).collect()
}

fn block(page: &Answer, id: &str) -> Option<String> {
    let rest = page.body.split(&format!("<pre id=\"{id}\">")).nth(1)?;
    Some(rest.split("</pre>").next()?.to_owned())
}

fn base32(text: &str) -> Vec<u8> {
    let (mut bits, mut held, mut bytes) = (0u32, 0u32, Vec::new());
    for char in text.chars().filter(|char| !char.is_whitespace()) {
        let value = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".find(char).expect("base32");
        bits = (bits << 5 | u32::try_from(value).unwrap()) & 0xffff;
        held += 5;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from(bits >> held & 0xff).unwrap());
        }
    }
    bytes
}
