//! The program as a process: started with arguments, talked to over a socket, stopped or killed.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};

use serde_json::Value;

use super::Fields;

/// Runs the program to its end.
pub(crate) fn bluesonde(arguments: &[&str]) -> Output {
    command(arguments).output().unwrap()
}

/// The program with none of the settings that the environment of the test may have.
fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bluesonde"));
    command.args(arguments).env_clear().env("BLUESONDE_LOG", "warn").stdin(Stdio::null());
    command
}

/// A demo that is running. Dropped, it is killed.
pub(crate) struct Server {
    child: Child,
    /// What it printed until it was ready.
    pub(crate) printed: String,
    /// What `demo.json` says.
    pub(crate) facts: Value,
    log: PathBuf,
    _stdout: BufReader<ChildStdout>,
}

/// An answer that arrived whole.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Server {
    /// Starts a demo on the directory and waits until it says that it is ready.
    pub(crate) fn demo(dir: &Path) -> Self {
        let (mut child, data, log) = spawn_demo(dir);
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut printed = String::new();
        while !printed.contains("Ctrl-C") {
            let read = stdout.read_line(&mut printed).unwrap();
            assert!(read > 0, "it did not start: {}", fs::read_to_string(&log).unwrap());
        }
        let facts = serde_json::from_str(&fs::read_to_string(data.join("demo.json")).unwrap()).unwrap();
        Self { child, printed, facts, log, _stdout: stdout }
    }

    /// Starts a demo on the directory and ends it at once when something is so, ready or not.
    pub(crate) fn kill_demo_when(dir: &Path, is_so: impl Fn() -> bool) {
        let (mut child, _, log) = spawn_demo(dir);
        while !is_so() {
            let ended = child.try_wait().unwrap();
            assert!(ended.is_none(), "{ended:?}: {}", fs::read_to_string(&log).unwrap());
            std::thread::yield_now();
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Asks it to stop, as a service manager does, and holds it to ending well, without a warning in its log.
    pub(crate) fn stop(mut self) {
        let asked = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(asked.success());
        let status = self.child.wait().unwrap();
        let log = fs::read_to_string(&self.log).unwrap();
        assert_eq!((status.code(), log.as_str()), (Some(0), ""));
    }

    /// Ends it at once, wherever it is.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// The origin of its URLs.
    pub(crate) fn origin(&self) -> &str {
        self.facts["issuer"].as_str().unwrap()
    }

    /// The key of the first organization that may do everything.
    pub(crate) fn master_key(&self) -> String {
        let keys = self.facts["organizations"][0]["api_keys"].as_array().unwrap();
        let widest = keys.iter().max_by_key(|key| key["scopes"].as_array().unwrap().len()).unwrap();
        widest["key"].as_str().unwrap().to_owned()
    }

    /// One GET with a key, and the JSON that comes back.
    #[track_caller]
    pub(crate) fn get(&self, path: &str, key: &str) -> Value {
        let bearer = format!("Bearer {key}");
        let reply = self.send(("GET", path), &[("authorization", &bearer)], "").unwrap();
        assert_eq!(reply.status, 200, "{path}: {}", reply.body);
        serde_json::from_str(&reply.body).unwrap()
    }

    /// One request on a connection of its own.
    pub(crate) fn send(&self, target: (&str, &str), headers: &Fields<'_>, body: &str) -> io::Result<Reply> {
        send(self.origin(), target, headers, body)
    }
}

/// The process, its data directory and its log.
fn spawn_demo(dir: &Path) -> (Child, PathBuf, PathBuf) {
    let (data, log) = (dir.join("data"), dir.join("stderr.log"));
    let arguments = ["demo", "--listen", "127.0.0.1:0", "--data-dir", data.to_str().unwrap()];
    let mut command = command(&arguments);
    let child = command.stdout(Stdio::piped()).stderr(File::create(&log).unwrap()).spawn().unwrap();
    (child, data, log)
}

impl Drop for Server {
    fn drop(&mut self) {
        // It has ended already, or the story has failed.
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// One request to `origin`. An answer that breaks off is an error.
///
/// It is HTTP/1.0, so that the answer is over when the connection is.
pub(crate) fn send(
    origin: &str,
    (method, path): (&str, &str),
    headers: &Fields<'_>,
    body: &str,
) -> io::Result<Reply> {
    let address = origin.trim_start_matches("http://");
    let mut request = format!("{method} {path} HTTP/1.0\r\nhost: {address}\r\n");
    request += &format!("content-length: {}\r\n", body.len());
    request.extend(headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")));
    let mut stream = TcpStream::connect(address)?;
    write!(stream, "{request}\r\n{body}")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    whole(&answer).ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
}

fn whole(answer: &str) -> Option<Reply> {
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let complete = length.is_none_or(|length| length.parse() == Ok(body.len()));
    complete.then(|| Reply { status, head: head.to_owned(), body: body.to_owned() })
}
