//! The laws of the fuzz targets, put to every input that is kept of past fuzzing: what was found once stays found,
//! on a stable compiler and without a fuzzer. See `fuzz/README.md`.

use std::fs;
use std::path::{Path, PathBuf};

#[path = "../../../fuzz/src/lib.rs"]
#[expect(
    unreachable_pub,
    clippy::indexing_slicing,
    reason = "it is a library for the fuzzer, where breaking a law is a panic"
)]
mod laws;

/// No more than this, so that the corpus stays something that is cloned without noticing.
const MOST_FILES: usize = 300;
const MOST_BYTES: usize = 300 * 1024;

/// A run of letters and digits this long might be a credential to a secret scanner.
const LONGEST_RUN: usize = 40;

fn kept(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let Ok(files) = fs::read_dir(folder) else { return Vec::new() };
    let paths = files.flatten().map(|file| file.path());
    paths.filter_map(|path| Some((path.clone(), fs::read(path).ok()?))).collect()
}

#[test]
fn every_input_that_was_kept_keeps_the_laws() {
    for (target, check) in laws::TARGETS {
        let kept = kept(target);
        assert!(!kept.is_empty(), "nothing is kept for {target}");
        for (path, input) in kept {
            let broken = std::panic::catch_unwind(|| check(&input)).is_err();
            assert!(!broken, "{} breaks a law of {target}", path.display());
        }
    }
}

#[test]
fn the_corpus_is_small_and_holds_nothing_that_looks_like_a_credential() {
    let all: Vec<_> = laws::TARGETS.iter().flat_map(|(target, _)| kept(target)).collect();
    let bytes: usize = all.iter().map(|(_, input)| input.len()).sum();
    assert!(all.len() <= MOST_FILES && bytes <= MOST_BYTES, "{} files, {bytes} bytes", all.len());
    for (path, input) in all {
        let mut runs = input.split(|byte| !byte.is_ascii_alphanumeric());
        assert!(runs.all(|run| run.len() < LONGEST_RUN), "{} holds a long run", path.display());
    }
}
