//! The pepper's file: made once, readable by its owner alone, never in the database.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use anyhow::{Context, bail};

use rules::secret::Pepper;

/// Reads the pepper. Makes it if the database is new; refuses to make another for one that is not, because every
/// credential in there would be dead.
pub fn open(path: &Path, database: &Path) -> anyhow::Result<Pepper> {
    match fs::read_to_string(path) {
        Ok(text) => {
            refuse_if_others_can_read(path)?;
            Pepper::from_hex(&text).with_context(|| format!("{} is damaged", path.display()))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            if database.exists() {
                bail!(
                    "{} is missing, but {} exists. Every key, token and session in it is hashed under that pepper: \
                     restore the file from your backup",
                    path.display(),
                    database.display()
                );
            }
            make(path)
        }
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

fn refuse_if_others_can_read(path: &Path) -> anyhow::Result<()> {
    let mode = fs::metadata(path)?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        bail!("{} can be read by others (mode {mode:o}): chmod 600 it", path.display());
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "made once, before there is a database to ask for randomness")]
fn make(path: &Path) -> anyhow::Result<Pepper> {
    let mut chance = [0; 32];
    getrandom::fill(&mut chance).map_err(|error| anyhow::anyhow!("no random numbers: {error}"))?;
    let pepper = Pepper::new(chance);
    write_whole(path, pepper.to_hex().as_str()).with_context(|| format!("cannot make {}", path.display()))?;
    tracing::info!(
        path = %path.display(),
        "made the pepper; back it up apart from the database: without it no credential works"
    );
    Ok(pepper)
}

/// The file appears with all that is in it: a start that is killed in between leaves no half a pepper. A link,
/// unlike a rename, never takes the place of the pepper that another process made at the same moment.
fn write_whole(path: &Path, text: &str) -> std::io::Result<()> {
    let fresh = path.with_added_extension(format!("{}.new", std::process::id()));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&fresh)?;
    writeln!(file, "{text}")?;
    file.sync_all()?;
    let linked = fs::hard_link(&fresh, path);
    fs::remove_file(&fresh)?;
    linked?;
    let directory = path.parent().filter(|directory| !directory.as_os_str().is_empty());
    fs::File::open(directory.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pepper_is_made_once_and_kept_from_others() {
        let dir = tempfile::tempdir().unwrap();
        let (path, database) = (dir.path().join("pepper"), dir.path().join("db"));
        let made = open(&path, &database).unwrap();
        let read = open(&path, &database).unwrap();
        assert_eq!(made.form_token("a", "b"), read.form_token("a", "b"));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(open(&path, &database).unwrap_err().to_string().contains("chmod 600"));
    }

    #[test]
    fn a_lost_pepper_is_not_replaced_behind_a_database() {
        let dir = tempfile::tempdir().unwrap();
        let (path, database) = (dir.path().join("pepper"), dir.path().join("db"));
        fs::write(&database, "").unwrap();
        assert!(open(&path, &database).unwrap_err().to_string().contains("restore"));
    }
}
