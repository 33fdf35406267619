//! How mails leave: by a mail server, as files, or not at all.
//!
//! What a mail says is decided where it is written ([`model::mail`]); here it gets its headers and goes. Nothing that a
//! person chose can add a header: addresses are parsed, and a subject is encoded as one line.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::Context;
use jiff::Timestamp;
use lettre::message::header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue};
use lettre::message::{Body, Mailbox, Message};
use lettre::transport::smtp::authentication::Credentials;
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use percent_encoding::percent_decode_str;
use zeroize::Zeroizing;

use model::mail::Outcome;
use rules::id::MailId;

use crate::config::MailSettings;

/// How long one command to the mail server may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// Brings mails on their way.
pub enum Postman {
    /// Nobody does: mails stay where they are written, and pages say so.
    Nobody,
    /// Writes a file for each.
    Directory {
        /// Where.
        dir: PathBuf,
        /// Whom they come from.
        from: Mailbox,
    },
    /// Hands them to a mail server.
    Smtp {
        /// The connections to it.
        server: Box<AsyncSmtpTransport<Tokio1Executor>>,
        /// Whom they come from.
        from: Mailbox,
    },
}

/// A mail, ready to go.
pub struct Letter<'a> {
    /// Its id, which stays the same when it is tried again.
    pub id: &'a MailId,
    /// The address.
    pub to: &'a str,
    /// One line.
    pub subject: &'a str,
    /// The whole text, its link included.
    pub text: Zeroizing<String>,
    /// When it goes.
    pub at: Timestamp,
}

impl Postman {
    /// Gets ready: makes the directory, or reads the password.
    pub fn new(settings: &MailSettings) -> anyhow::Result<Self> {
        match settings {
            MailSettings::Nobody => Ok(Self::Nobody),
            MailSettings::Directory { dir, from } => {
                DirBuilder::new()
                    .recursive(true)
                    .mode(0o700)
                    .create(dir)
                    .with_context(|| format!("cannot make {}", dir.display()))?;
                Ok(Self::Directory { dir: dir.clone(), from: from.clone() })
            }
            MailSettings::Smtp { url, password_file, from } => {
                let mut builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(url.as_str())
                    .context("mail.smtp can't be used")?
                    .timeout(Some(PATIENCE));
                if let Some(file) = password_file {
                    let user = percent_decode_str(url.username()).decode_utf8_lossy().into_owned();
                    builder = builder.credentials(Credentials::new(user, password(file)?));
                }
                Ok(Self::Smtp { server: Box::new(builder.build()), from: from.clone() })
            }
        }
    }

    /// Whether mails go out at all, so that pages promise none if not.
    pub fn works(&self) -> bool {
        !matches!(self, Self::Nobody)
    }

    /// Sends one.
    pub async fn send(&self, letter: Letter<'_>) -> Outcome {
        let message = match self.message(&letter) {
            Ok(message) => message,
            Err(reason) => return Outcome::Impossible(reason),
        };
        match self {
            Self::Nobody => Outcome::Failed("no mail server is set up".to_owned()),
            Self::Directory { dir, .. } => {
                let (path, text) = (dir.join(format!("{}.eml", letter.id)), message.formatted());
                let written = tokio::task::spawn_blocking(move || write_whole(&path, &text)).await;
                match written {
                    Ok(Ok(())) => Outcome::Sent,
                    Ok(Err(error)) => Outcome::Failed(error.to_string()),
                    Err(error) => Outcome::Failed(error.to_string()),
                }
            }
            Self::Smtp { server, .. } => match server.send(message).await {
                Ok(_answer) => Outcome::Sent,
                Err(error) if error.is_permanent() => Outcome::Impossible(error.to_string()),
                Err(error) => Outcome::Failed(error.to_string()),
            },
        }
    }

    fn message(&self, letter: &Letter<'_>) -> Result<Message, String> {
        let from = match self {
            Self::Nobody => return Err("no mail server is set up".to_owned()),
            Self::Directory { from, .. } | Self::Smtp { from, .. } => from.clone(),
        };
        let to: Address = letter.to.parse().map_err(|error| format!("the address can't be used: {error}"))?;
        let id = format!("<{}@{}>", letter.id, from.email.domain());
        let mut message = Message::builder()
            .from(from)
            .to(Mailbox::new(None, to))
            .subject(letter.subject)
            .date(
                SystemTime::UNIX_EPOCH
                    + Duration::from_secs(u64::try_from(letter.at.as_second()).unwrap_or(0)),
            )
            .message_id(Some(id))
            .header(ContentType::TEXT_PLAIN)
            .body(body(&letter.text))
            .map_err(|error| error.to_string())?;
        // So that nobody's holiday notice answers (RFC 3834 §5).
        let name = HeaderName::new_from_ascii_str("Auto-Submitted");
        message.headers_mut().insert_raw(HeaderValue::new(name, "auto-generated".to_owned()));
        Ok(message)
    }
}

/// The longest line that a mail may have (RFC 5322 §2.1.1).
const LONGEST_LINE: usize = 998;

/// As it is where that is allowed, so that a link in a mail's file is one line; encoded only if it must be.
fn body(text: &str) -> Body {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let is_plain =
        |line: &str| line.len() <= LONGEST_LINE && line.bytes().all(|byte| byte.is_ascii() && byte != 0);
    if text.lines().all(is_plain) {
        let lines = text.replace('\n', "\r\n").into_bytes();
        return Body::dangerous_pre_encoded(lines, ContentTransferEncoding::SevenBit);
    }
    Body::new(text)
}

fn password(file: &Path) -> anyhow::Result<String> {
    let text = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

/// The file appears with all that is in it.
fn write_whole(path: &Path, text: &[u8]) -> std::io::Result<()> {
    let fresh = path.with_extension("new");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&fresh)?;
    file.write_all(text)?;
    fs::rename(&fresh, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_link_stays_one_line_and_letters_of_any_language_arrive() {
        let link = format!("https://buoys.example/reset/{}", "x".repeat(200));
        assert_eq!(body(&link).encoding(), ContentTransferEncoding::SevenBit);
        assert_eq!(body(&"x".repeat(999)).encoding(), ContentTransferEncoding::QuotedPrintable);
        assert_eq!(body("Grüße aus Wønderland").encoding(), ContentTransferEncoding::QuotedPrintable);
        assert_eq!(body("海洋浮标").encoding(), ContentTransferEncoding::Base64);
    }

    fn letter(to: &str, subject: &str) -> Result<String, String> {
        let postman =
            Postman::Directory { dir: "mail".into(), from: "Bluesonde <us@b.example>".parse().unwrap() };
        let id = MailId::new(Timestamp::UNIX_EPOCH, [1; 10]);
        let text = Zeroizing::new("Hello\r\n.\r\nthere".to_owned());
        let letter = Letter { id: &id, to, subject, text, at: Timestamp::UNIX_EPOCH };
        postman.message(&letter).map(|message| String::from_utf8(message.formatted()).unwrap())
    }

    #[test]
    fn nobody_can_add_a_header() {
        for subject in ["Hello\r\nBcc: evil@b.example", "Hello\nBcc: evil@b.example", "Grüße\r\n\r\nevil"] {
            let text = letter("a@b.example", subject).unwrap();
            let head = text.split("\r\n\r\n").next().unwrap();
            assert!(!head.lines().any(|line| line.starts_with("Bcc") || line.starts_with("evil")), "{head}");
        }
        for to in
            ["a@b.example\r\nBcc: evil@b.example", "a@b.example, evil@b.example", "a b@c.example", "a@b\n.c"]
        {
            assert!(letter(to, "Hello").is_err(), "{to:?}");
        }
    }

    #[test]
    fn a_mail_says_whom_it_is_from_and_that_no_person_wrote_it() {
        let text = letter("a@b.example", "Hello").unwrap();
        for line in [
            "From: Bluesonde <us@b.example>",
            "To: a@b.example",
            "Subject: Hello",
            "Date: Thu, 01 Jan 1970 00:00:00 +0000",
            "Auto-Submitted: auto-generated",
            "Content-Type: text/plain; charset=utf-8",
        ] {
            assert!(text.lines().any(|own| own == line), "{line} is not in {text}");
        }
    }

    /// A mail server that takes one mail, or refuses its recipient with this answer; gives what it was told.
    fn mail_server(on_recipient: &'static str) -> (std::net::SocketAddr, std::thread::JoinHandle<String>) {
        use std::io::{BufRead, BufReader};
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let served = std::thread::spawn(move || {
            let (stream, _) = listener.accept().unwrap();
            let mut answers = stream.try_clone().unwrap();
            let mut say = |text: &str| answers.write_all(format!("{text}\r\n").as_bytes()).unwrap();
            let (mut told, mut is_text) = (String::new(), false);
            say("220 mail.example");
            for line in BufReader::new(stream).lines() {
                let Ok(line) = line else { break };
                told += &format!("{line}\n");
                match line.split(' ').next().unwrap_or_default() {
                    "." => {
                        is_text = false;
                        say("250 taken");
                    }
                    _ if is_text => {}
                    "DATA" => {
                        is_text = true;
                        say("354 go on");
                    }
                    "RCPT" => say(on_recipient),
                    "QUIT" => break,
                    _ => say("250 fine"),
                }
            }
            told
        });
        (address, served)
    }

    fn send_by(address: std::net::SocketAddr) -> Outcome {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let settings = MailSettings::Smtp {
            url: format!("smtp://{address}").parse().unwrap(),
            password_file: None,
            from: "Bluesonde <us@b.example>".parse().unwrap(),
        };
        runtime.block_on(async {
            let postman = Postman::new(&settings).unwrap();
            let id = MailId::new(Timestamp::UNIX_EPOCH, [1; 10]);
            let text = Zeroizing::new("Hello\r\n.\r\nRCPT TO:<evil@b.example>\r\nthere".to_owned());
            let letter =
                Letter { id: &id, to: "a@b.example", subject: "Hi", text, at: Timestamp::UNIX_EPOCH };
            postman.send(letter).await
        })
    }

    #[test]
    fn a_mail_server_is_told_one_recipient_and_the_text() {
        let (address, served) = mail_server("250 fine");
        assert_eq!(send_by(address), Outcome::Sent);
        let told = served.join().unwrap();
        assert!(
            told.contains("MAIL FROM:<us@b.example>") && told.contains("RCPT TO:<a@b.example>"),
            "{told}"
        );
        // A line with a dot alone would end the text, so it gets one more (RFC 5321 §4.5.2).
        assert!(told.contains("Hello\n..\n"), "{told}");
    }

    #[test]
    fn what_the_mail_server_refuses_for_good_is_not_tried_again_and_the_rest_is() {
        let (address, served) = mail_server("550 no such mailbox");
        assert!(matches!(send_by(address), Outcome::Impossible(_)));
        served.join().unwrap();
        let (address, served) = mail_server("451 busy");
        assert!(matches!(send_by(address), Outcome::Failed(_)));
        served.join().unwrap();
        let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        assert!(matches!(send_by(gone), Outcome::Failed(_)));
    }

    #[test]
    fn the_password_for_the_mail_server_comes_from_its_file() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("password");
        let settings = MailSettings::Smtp {
            url: "smtps://us@mail.example".parse().unwrap(),
            password_file: Some(file.clone()),
            from: "us@b.example".parse().unwrap(),
        };
        let missing = Postman::new(&settings).err().unwrap();
        assert!(format!("{missing:#}").contains("cannot read"), "{missing:#}");
        fs::write(&file, "tide and time\n").unwrap();
        assert_eq!(password(&file).unwrap(), "tide and time");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async { assert!(Postman::new(&settings).unwrap().works()) });
    }
}
