//! Whether the time of a refusal tells how much of a guessed secret was right.
//!
//! ```text
//! cargo run --release -p server --example timing            100,000 samples of each comparison
//! cargo run --release -p server --example timing 1000000    as many as told
//! ```
//!
//! Each line compares two kinds of wrong credential, of which the second differs from the true one earlier: a
//! comparison that stops at the first difference takes longer for the first kind. The kinds come in random order, so
//! that whatever slows the machine slows both, and Welch's t-test says whether their means differ. As in dudect, it is
//! applied to all samples and to those below several percentiles, because a leak can hide under rare slow ones, and
//! the largest |t| counts: from 4.5 on the program exits with 1. The first line is a careless comparison, which must be told apart: where it
//! is not, the machine is too noisy to say anything, and the program exits with 2.
//!
//! What it shows: nothing as large as the noise of so many samples on this machine. What it can't show: that there
//! is no leak at all. A stranger across a network sees far less than this program, which stands next to the code.
//!
//! The last lines are told and not judged, because what they could tell is no secret. The checksum follows from the
//! text that was presented, which its sender knows. And whether a client exists can be asked openly: its id stands in
//! every authorization request, and the page that such a request leads to says when it is unknown.

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

const CONTROL: (&str, Comparison) = ("hashes compared carelessly: last or first byte wrong", stage::careless);

const JUDGED: [(&str, Comparison); 7] = [
    ("hashes compared: last or first byte wrong", stage::hashes),
    ("application::secret_of: last or first byte of the hash wrong", stage::secret_of),
    ("POST /oauth2/token: client secret wrong late or early", stage::token_endpoint),
    ("POST /oauth2/revoke: client secret wrong late or early", stage::revocation),
    ("POST /oauth2/introspect: client secret wrong late or early", stage::introspection),
    ("caller::by: API key wrong late or early", stage::key_lookup),
    ("GET /v1/me: API key wrong late or early", stage::api),
];

const TOLD: [(&str, Comparison); 2] = [
    ("checksum of an API key: last or first digit wrong", stage::checksum),
    ("POST /oauth2/token: known or unknown client", stage::unknown_client),
];

fn main() -> Outcome<ExitCode> {
    let samples = std::env::args().nth(1).map_or(Ok(SAMPLES), |count| count.parse())?;
    let stage = Stage::new()?;
    let mut dice = Dice::new(stage.chance()?);
    let control = CONTROL.1(&stage, samples, &mut dice)?;
    say(CONTROL.0, control, if control < LIMIT { "TOO NOISY" } else { "as it must" });
    if control < LIMIT {
        return Ok(ExitCode::from(2));
    }
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
