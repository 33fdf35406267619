use super::*;

fn load(change: impl FnOnce(&mut Flags)) -> Result<Config, BadConfig> {
    let mut flags = Flags::default();
    change(&mut flags);
    Config::load(&flags)
}

#[test]
fn the_defaults_stay_on_this_machine() {
    let config = load(|_| {}).unwrap();
    assert!(config.listen.ip().is_loopback() && config.metrics_listen.ip().is_loopback());
    assert_eq!(config.site.api_url, format!("{}/v1", config.site.public_url));
}

#[test]
fn what_is_unsafe_is_refused_in_words() {
    type Change = Box<dyn FnOnce(&mut Flags)>;
    let cases: Vec<(Change, &str)> = vec![
        (Box::new(|flags| flags.listen = "0.0.0.0:80".parse().ok()), "plain http"),
        (Box::new(|flags| flags.public_url = Some("http://buoys.example".into())), "https://"),
        (Box::new(|flags| flags.public_url = Some("https://buoys.example/x".into())), "scheme, host"),
        (Box::new(|flags| flags.trusted_proxies = Some(vec!["0.0.0.0/0".parse().unwrap()])), "everybody"),
        (Box::new(|flags| flags.api_url = Some("https://api.example/v2".into())), "/v1"),
        (Box::new(|flags| flags.rate_limit_burst = 100.try_into().ok()), "rate_limit_burst"),
        (Box::new(|flags| flags.credential_segment = Some("B_S".into())), "segment"),
        (Box::new(|flags| flags.config = Some("/nonexistent/file".into())), "cannot read"),
    ];
    for (change, word) in cases {
        let error = load(change).unwrap_err().to_string();
        assert!(error.contains(word), "{error}");
    }
}

#[test]
fn a_proxy_can_be_named_by_its_address_alone() {
    let config = load(|flags| {
        flags.listen = "0.0.0.0:80".parse().ok();
        flags.public_url = Some("https://buoys.example".into());
        flags.trusted_proxies = Some(vec!["10.0.0.5".parse().unwrap()]);
    });
    let site = config.unwrap().site;
    assert!(site.trusts([10, 0, 0, 5].into()) && !site.trusts([10, 0, 0, 6].into()));
    assert!("proxy".parse::<Network>().unwrap_err().contains("neither"));
}

#[test]
fn ipv4_in_the_disguise_of_ipv6_is_ipv4() {
    let network = |text: &str| text.parse::<Network>().unwrap().0.to_string();
    assert_eq!(network("::ffff:10.0.0.5"), "10.0.0.5/32");
    assert_eq!(network("::ffff:10.0.0.0/104"), "10.0.0.0/8");
    assert_eq!(network("2001:db8::/32"), "2001:db8::/32");
    let everybody = load(|flags| flags.trusted_proxies = Some(vec!["::ffff:0.0.0.0/96".parse().unwrap()]));
    assert!(everybody.unwrap_err().to_string().contains("everybody"));
    assert!(load(|flags| flags.listen = "[::ffff:127.0.0.1]:80".parse().ok()).is_ok());
}

#[test]
fn mails_are_not_sent_unless_somebody_says_how() {
    assert!(matches!(load(|_| {}).unwrap().mail, MailSettings::Nobody));
    let files = load(|flags| flags.mail_dir = Some("mail".into())).unwrap().mail;
    assert!(matches!(files, MailSettings::Directory { .. }));
    for url in ["smtps://mail.example", "smtp://mail.example:587?tls=required", "smtp://localhost:25"] {
        let sent = load(|flags| {
            flags.mail_smtp = Some(url.into());
            flags.mail_from = Some("Buoys <buoys@harbour.example>".into());
        });
        assert!(matches!(sent.unwrap().mail, MailSettings::Smtp { .. }), "{url}");
    }
}

#[test]
fn a_mail_server_that_would_leak_or_can_not_work_is_refused_in_words() {
    let password = ["hunter", "2"].concat();
    for (url, from, word) in [
        ("smtp://mail.example", Some("buoys@harbour.example"), "unencrypted"),
        ("smtp://mail.example?tls=opportunistic", Some("buoys@harbour.example"), "unencrypted"),
        ("https://mail.example", Some("buoys@harbour.example"), "smtps://"),
        ("smtps://mail.example", None, "mail.from is missing"),
        ("smtps://mail.example", Some("buoys"), "no address"),
        ("smtps://user@mail.example", Some("buoys@harbour.example"), "password_file"),
        (&format!("smtps://user:{password}@mail.example"), Some("buoys@harbour.example"), "into a file"),
    ] {
        let error = load(|flags| {
            flags.mail_smtp = Some(url.into());
            flags.mail_from = from.map(Into::into);
        });
        let error = error.unwrap_err().to_string();
        assert!(error.contains(word) && !error.contains(&password), "{url}: {error}");
    }
}

#[test]
fn an_unknown_setting_in_a_file_is_named() {
    assert!(parse("lissten = \"127.0.0.1:1\"", "file").unwrap_err().to_string().contains("lissten"));
}
