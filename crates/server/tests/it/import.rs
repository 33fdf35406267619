//! `bluesonde import ndbc` with two real files: Boston's weather buoy and a water-quality buoy in the gulf.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::support::process::{Server, bluesonde};

/// Name, and rows, values and missing values by our own count.
const FILES: [(&str, [u64; 3]); 2] =
    [("44013.txt", [6508, 38498, 52614]), ("44029.ocean", [1092, 2184, 7644])];

/// The directory with the real files; they are not part of the repository.
fn files() -> Option<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/ndbc");
    if directory.exists() {
        return Some(directory);
    }
    // Past the capture of output: whoever reads "ok" should know that nothing was tried.
    let _nobody_listens = writeln!(io::stderr(), "SKIPPED: no real NDBC files in {}", directory.display());
    None
}

#[test]
fn real_files_are_counted_to_the_last_value_with_and_without_a_server_and_once_only() {
    let Some(files) = files() else { return };
    let dir = tempfile::tempdir().unwrap();
    let server = Server::demo(dir.path());
    let organizations = server.facts["organizations"].as_array().unwrap().clone();
    let import = |name: &str, owner: Option<&Value>| import(dir.path(), &files.join(name), owner);
    for (name, [rows, values, missing]) in FILES {
        let report = import(name, None);
        assert_eq!(report["organization"]["id"], organizations[0]["id"], "the oldest one");
        assert_eq!(counts(&report), [rows, 0, values, 0, missing, 0], "{name}, by the server");
        assert_eq!(counts(&import(name, None)), [rows, 0, 0, values, missing, 0], "{name}, again");
    }
    server.stop();
    for (name, [rows, values, missing]) in FILES {
        assert_eq!(counts(&import(name, None)), [rows, 0, 0, values, missing, 0], "{name}, alone");
        let other = import(name, Some(&organizations[1]["id"]));
        assert_eq!(other["organization"]["name"], organizations[1]["name"]);
        assert_eq!(counts(&other), [rows, 0, values, 0, missing, 0], "{name}, for another, alone");
    }
}

/// Rows read and refused; values stored, unchanged, missing and conflicting.
fn counts(report: &Value) -> [u64; 6] {
    let names = [
        "rows_read",
        "rows_refused",
        "values_stored",
        "values_unchanged",
        "values_missing",
        "values_conflicting",
    ];
    names.map(|name| report[name].as_u64().unwrap())
}

fn import(dir: &Path, file: &Path, owner: Option<&Value>) -> Value {
    let data = dir.join("data");
    let mut arguments = vec!["import", "ndbc", file.to_str().unwrap(), "--json"];
    arguments.extend(["--data-dir", data.to_str().unwrap()]);
    arguments.extend(owner.into_iter().flat_map(|id| ["--organization", id.as_str().unwrap()]));
    let ended = bluesonde(&arguments);
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    let report: Value = serde_json::from_slice(&ended.stdout).unwrap();
    assert_eq!(report["file"], json!(file));
    assert_eq!(report["station"], json!(file.file_stem().unwrap().to_str()));
    report
}

#[test]
fn what_cannot_be_imported_is_refused_in_words_by_the_server_and_without_it() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (poem, absent) = (file("poem.txt", "The sea is calm tonight.\n"), "no-such-file.txt".to_owned());
    let good =
        file("1.ocean", "#YY MM DD hh mm DEPTH OTMP\n#yr mo dy hr mn m degC\n2022 06 05 12 04 1.0 13.1\n");
    let data = dir.path().join("data");
    let cases = [
        (vec![&*poem], "not the header"),
        (vec![&*absent], "cannot read"),
        (vec![&*good, "--organization", "org_nobody"], "There is no organization org_nobody"),
        (vec![&*good, "--station", " "], "1 to 100 characters"),
    ];
    let refused = |(arguments, words): &(Vec<&str>, &str)| {
        let common = ["import", "ndbc", "--data-dir", data.to_str().unwrap()];
        let ended = bluesonde(&[&common, &arguments[..]].concat());
        let said = String::from_utf8(ended.stderr).unwrap();
        assert!(ended.status.code() == Some(1) && said.contains(words), "{arguments:?}: {said}");
    };
    refused(&(vec![&*good], "there is no database"));
    assert!(!data.exists());
    let server = Server::demo(dir.path());
    cases.iter().for_each(refused);
    server.stop();
    cases.iter().for_each(refused);
}
