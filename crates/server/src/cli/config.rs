//! `bluesonde config` and `bluesonde openapi`: what would be served, without serving it.

use clap::Subcommand;

use crate::config::{Config, DEFAULTS, Flags, MailSettings};
use crate::http;
use crate::rates::Limits;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Print every setting with its default.
    Default,
    /// Print the settings as they are now; there is no secret among them.
    Show(Flags),
    /// Check the settings: exit status 78 if something is wrong.
    Check(Flags),
}

pub(super) fn run(command: &Command) -> anyhow::Result<()> {
    match command {
        Command::Default => super::print(DEFAULTS.trim_end()),
        Command::Show(flags) => super::print(&describe(&Config::load(flags)?)),
        Command::Check(flags) => {
            Config::load(flags)?;
            super::say("The configuration is good.");
            Ok(())
        }
    }
}

fn describe(config: &Config) -> String {
    let proxies: Vec<String> = config.site.trusted_proxies.iter().map(ToString::to_string).collect();
    let support = config.site.support_contact.as_ref();
    let support = support.map_or("# support_contact is not set".to_owned(), |contact| {
        format!("support_contact = {contact:?}")
    });
    format!(
        "data_dir = {:?}\nlisten = \"{}\"\nmetrics_listen = \"{}\"\npublic_url = {:?}\napi_url = {:?}\n\
         trusted_proxies = {proxies:?}\n{support}\npepper_file = {:?}\ncredential_segment = {:?}{}",
        config.data_dir,
        config.listen,
        config.metrics_listen,
        config.site.public_url,
        config.site.api_url,
        config.pepper_file,
        config.format.segment(),
        limits(config.limits) + &describe_mail(&config.mail),
    )
}

fn limits(limits: Limits) -> String {
    let Limits::On { each, organization } = limits else { return String::new() };
    format!(
        "\nrate_limit = {}\nrate_limit_burst = {}\norganization_rate_limit = {}\norganization_rate_limit_burst = {}",
        each.per_second, each.burst, organization.per_second, organization.burst
    )
}

fn describe_mail(mail: &MailSettings) -> String {
    match mail {
        MailSettings::Nobody => "\n# no mail is sent".to_owned(),
        MailSettings::Directory { dir, from } => {
            format!("\n[mail]\ndir = {dir:?}\nfrom = {:?}", from.to_string())
        }
        MailSettings::Smtp { url, password_file, from } => {
            let file =
                password_file.as_ref().map_or(String::new(), |file| format!("\npassword_file = {file:?}"));
            format!("\n[mail]\nsmtp = {:?}{file}\nfrom = {:?}", url.as_str(), from.to_string())
        }
    }
}

/// The document that `/openapi.json` would answer with.
pub(super) fn openapi(flags: &Flags) -> anyhow::Result<()> {
    let config = Config::load(flags)?;
    let document = http::docs::openapi::document(http::map().routes(), &config.site);
    super::print(&serde_json::to_string_pretty(&document)?)
}
