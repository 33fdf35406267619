//! Everything that ends what an application holds, alone and together: whichever came first or last, nothing
//! works, and undoing one of them revives nothing that another one ended.

use rules::role::Role;

use crate::support::{Client, Flow, Member, TestApp, Tokens};

const LASTING: &str = "devices:read offline_access";

/// A person, an application, and all that it holds from them.
struct Scene<'a> {
    app: &'a TestApp,
    member: Member,
    client: Client,
    flow: Flow<'a>,
    tokens: Tokens,
    code: String,
}

type Change = fn(&Scene<'_>);

/// What ends it, how, and how that is undone if it can be.
const ENDS: [(&str, Change, Option<Change>); 5] = [
    (
        "the person is disabled",
        |scene| scene.app.disable(&scene.member),
        Some(|scene| scene.app.enable(&scene.member)),
    ),
    (
        "the person leaves",
        |scene| scene.app.expel(&scene.member),
        Some(|scene| scene.app.join(&scene.member)),
    ),
    (
        "the organization is suspended",
        |scene| scene.app.suspend(&scene.member.organization),
        Some(|scene| scene.app.resume(&scene.member.organization)),
    ),
    ("the person takes it back", |scene| take_back(scene), None),
    ("the application is deleted", |scene| scene.app.delete(&scene.client), None),
];

/// What the button on the Connections page does, also for who cannot press it any more.
fn take_back(scene: &Scene<'_>) {
    let organization = scene.member.organization.id.clone();
    scene.app.write(move |tx| {
        let now = tx.now();
        let sql = "UPDATE oauth_grant SET revoked_at = ?2 WHERE organization_id = ?1";
        tx.execute(sql, db::params![organization.as_str(), now])?;
        tx.bump(organization.as_str());
        Ok(())
    });
}

impl<'a> Scene<'a> {
    /// In an organization of its own, so that its end is nobody else's.
    fn new(app: &'a TestApp) -> Self {
        let organization = app.organization("Rival Reef");
        let (member, client) = (app.member_of(&organization, Role::Viewer), app.confidential(LASTING));
        let (flow, browser) = (Flow::new(app, &client), app.browser());
        let first = flow.allow(&browser, &member).param("code").unwrap();
        let (tokens, code) = (Tokens::of(&flow.redeem(&first)), flow.start(&browser).param("code").unwrap());
        // Known to the cache.
        app.program(&tokens.access).get("/v1/me").assert_status(200);
        Self { app, member, client, flow, tokens, code }
    }

    #[track_caller]
    fn assert_over(&self, why: &str) {
        let statuses = [
            self.app.program(&self.tokens.access).get("/v1/me"),
            self.flow.refresh(self.tokens.refresh()),
            self.flow.redeem(&self.code),
        ]
        .map(|answer| answer.status.as_u16());
        assert!(matches!(statuses, [401, 400 | 401, 400 | 401]), "{why}: {statuses:?}");
        for token in [self.tokens.access.as_str(), self.tokens.refresh()] {
            let asked =
                self.app.token_call().to("/oauth2/introspect").from(&self.client, &[("token", token)]).send();
            assert_ne!(asked.json()["active"], true, "{why}: {}", asked.body);
        }
    }
}

#[test]
fn each_end_counts_at_once_and_in_every_company() {
    let app = TestApp::new();
    for chosen in 1..1_u32 << ENDS.len() {
        let scene = Scene::new(&app);
        let ends: Vec<_> = ENDS
            .iter()
            .enumerate()
            .filter(|(place, _)| chosen & (1 << place) != 0)
            .map(|(_, end)| end)
            .collect();
        let why: Vec<_> = ends.iter().map(|(what, ..)| *what).collect();
        for (so_far, (_, end, _)) in ends.iter().enumerate() {
            end(&scene);
            scene.assert_over(&why[..=so_far].join(", "));
        }
        // Undone in the same order, until one is left.
        let undone = ends.iter().filter_map(|(what, _, undo)| Some((what, (*undo)?)));
        for (what, undo) in undone.take(ends.len() - 1) {
            undo(&scene);
            scene.assert_over(&format!("{}, then not: {what}", why.join(", ")));
        }
    }
}

#[test]
fn an_organization_that_goes_on_has_its_applications_back() {
    let app = TestApp::new();
    let scene = Scene::new(&app);
    app.suspend(&scene.member.organization);
    scene.assert_over("suspended");
    app.resume(&scene.member.organization);
    app.program(&scene.tokens.access).get("/v1/me").assert_status(200);
    scene.flow.refresh(scene.tokens.refresh()).assert_status(200);
    scene.flow.redeem(&scene.code).assert_status(200);
}
