//! Whether the time of a refusal tells how much of a guessed secret was right.
//!
//! ```text
//! cargo run --release -p server --example timing            100,000 samples of each comparison
//! cargo run --release -p server --example timing 1000000    as many as told
//! ```
//!
//! Each line compares two kinds of wrong credential: those that are right at their beginning and those that are
//! right at their end. A comparison that stops at the first difference takes longer for the first kind. The kinds
//! come in random order, so that whatever slows the machine slows both, and Welch's t-test says whether their means
//! differ. As in dudect, it is applied to all samples and to those below several percentiles, because a leak can
//! hide under rare slow ones, and the largest |t| counts: from 4.5 on the program exits with 1.
//!
//! What it shows: nothing as large as the noise of so many samples on this machine. What it can't show: that there
//! is no leak at all. A stranger across a network sees far less than this program, which stands next to the code.
//!
//! The last line is told and not judged. Whether a client exists is no secret: its id stands in every authorization
//! request, and the page that such a request leads to says when it is unknown.

mod credentials;
mod stage;
mod welch;

use std::process::ExitCode;

use stage::Stage;
use welch::Dice;

/// The convention of dudect and of the test vector leakage assessment.
const LIMIT: f64 = 4.5;
const SAMPLES: usize = 100_000;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;
/// Gives |t| of so many samples.
type Comparison = fn(&Stage, usize, &mut Dice) -> Outcome<f64>;

const JUDGED: [(&str, Comparison); 6] = [
    ("hashed secrets compared: first or last byte wrong", stage::hashes),
    ("application::use_secret: first or last byte of the hash wrong", stage::use_secret),
    ("POST /oauth2/token: client secret right at its start or its end", stage::token_endpoint),
    ("checksum of an API key: first or last digit wrong", stage::checksum),
    ("caller::by: API key right at its start or its end", stage::key_lookup),
    ("GET /v1/me: API key right at its start or its end", stage::api),
];

const TOLD: [(&str, Comparison); 1] =
    [("POST /oauth2/token: known or unknown client", stage::unknown_client)];

fn main() -> Outcome<ExitCode> {
    let samples = std::env::args().nth(1).map_or(Ok(SAMPLES), |count| count.parse())?;
    let stage = Stage::new()?;
    let mut dice = Dice::new(stage.chance()?);
    let mut told_apart = false;
    for (name, comparison) in JUDGED {
        let t = comparison(&stage, samples, &mut dice)?;
        say(name, t, if t < LIMIT { "ok" } else { "TOLD APART" });
        told_apart |= t >= LIMIT;
    }
    for (name, comparison) in TOLD {
        say(name, comparison(&stage, samples, &mut dice)?, "no secret");
    }
    Ok(if told_apart { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

#[expect(clippy::print_stdout, reason = "what it found is the program's answer")]
fn say(name: &str, t: f64, judgement: &str) {
    println!("{name:66} |t| = {t:7.2}  {judgement}");
}
