//! Mails: what goes out, and what stays.

use rules::role::Role;

use crate::support::{Flow, TestApp};

#[test]
fn a_mail_goes_out_once_and_what_it_said_is_erased() {
    let app = TestApp::new();
    let member = app.member(Role::Viewer);
    let browser = app.signed_in(&member);
    browser.get("/settings/profile");
    let fields = [("current_password", member.password.as_str()), ("password", "a completely new one")];
    browser.submit("/settings/profile/password", &fields).assert_status(200);
    assert_eq!(app.rows()["mail"], 1);
    assert_eq!(app.mails_to(&member.email).len(), 1);
    let sql = "SELECT count(*) FROM mail WHERE body <> '' OR next_at IS NOT NULL OR sent_at IS NULL";
    let left: i64 = app.read(|tx| Ok(tx.one(sql, &[], |row| row.get(0))?));
    assert_eq!(left, 0);
    assert_eq!(app.mails_to(&member.email).len(), 1);
}

#[test]
fn who_lets_an_application_in_is_told_by_mail() {
    let app = TestApp::new();
    let (member, client) = (app.member(Role::Viewer), app.confidential("devices:read"));
    Flow::new(&app, &client).code(&member);
    let mail = app.mails_to(&member.email).remove(0);
    assert!(mail.contains(&client.application.profile.name) && mail.contains("Harbour Trust"), "{mail}");
    assert!(mail.contains("under Connections"), "{mail}");
}

#[test]
fn who_can_answer_a_request_for_access_is_told_and_so_is_who_asked() {
    let app = TestApp::new();
    let (viewer, admin) = (app.member(Role::Viewer), app.member(Role::OrganizationAdmin));
    let browser = app.signed_in(&viewer);
    Flow::new(&app, &app.confidential("devices:write")).start(&browser).assert_page(403);
    let ask = browser.page().forms().into_iter().find(|form| form.action.contains("/ask?")).unwrap();
    browser.submit(&ask.action, &[("message", "")]);
    let mail = app.mails_to(&admin.email).remove(0);
    assert!(mail.contains(&viewer.email) && mail.contains("Access requests"), "{mail}");
    let queue = app.signed_in(&admin);
    let page = queue.get("/settings/organization/access-requests");
    let refuse = page.forms().into_iter().find(|form| form.action.ends_with("/refuse")).unwrap();
    queue.submit(&refuse.action, &[("answer", "Not before the audit.")]);
    let mail = app.mails_to(&viewer.email).remove(0);
    assert!(mail.contains("It was refused: Not before the audit."), "{mail}");
}

#[test]
fn a_name_adds_no_header_and_no_link_to_a_mail() {
    let app = TestApp::new();
    let member = app.member(Role::Viewer);
    let browser = app.signed_in(&member);
    let person = member.person.id.clone();
    // No form takes such a name; an older version might have.
    app.write(move |tx| {
        let name = "Eve\r\nBcc: eve@evil.example\r\n\r\n{link}";
        tx.execute("UPDATE person SET name = ?2 WHERE id = ?1", db::params![person.as_str(), name])?;
        Ok(())
    });
    browser.get("/settings/profile");
    let fields = [("current_password", member.password.as_str()), ("password", "a completely new one")];
    browser.submit("/settings/profile/password", &fields).assert_status(200);
    let mail = app.mails_to(&member.email).remove(0);
    let head = mail.split("\r\n\r\n").next().unwrap();
    assert!(!head.contains("Bcc") && !head.contains("evil"), "{head}");
}

#[test]
fn without_mail_nothing_is_promised_and_nobody_is_locked_out() {
    let app = TestApp::without_mail();
    let member = app.member(Role::Viewer);
    let browser = app.browser();
    browser
        .get("/reset")
        .assert_status(200)
        .assert_text("sends no mail")
        .assert_text("help@bluesonde.example");
    let browser = app.signed_in(&member);
    browser.get("/settings/profile");
    let fields = [("current_password", member.password.as_str()), ("password", "a completely new one")];
    browser.submit("/settings/profile/password", &fields).assert_status(200);
    app.wait(server::worker::mail::send_due(&app.app));
    app.advance_days(8);
    app.wait(server::worker::sweep_up(&app.app));
    assert_eq!(app.rows()["mail"], 0);
}
