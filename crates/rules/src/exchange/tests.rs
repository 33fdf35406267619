use super::*;

const CALLBACK: &str = "https://app.example/callback";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn verifier(text: &str) -> Verifier {
    Verifier::parse(text).ok().unwrap()
}

/// A fresh code of a confidential client, issued at second 0 without a challenge.
fn code(registered: &[String]) -> CodeFacts<'_> {
    CodeFacts {
        ended: None,
        expires_at: at(60),
        redeemed_at: None,
        spoiled_at: None,
        redirect_uri: CALLBACK,
        challenge: None,
        scopes: ScopeSet::of(&[Scope::DevicesRead, Scope::OfflineAccess]),
        role: Some(Role::Viewer),
        registered,
        client_type: ClientType::Confidential,
    }
}

const PLAIN: Redemption<'_> = Redemption { redirect_uri: Some(CALLBACK), verifier: None };

#[test]
fn a_fresh_code_with_all_that_belongs_to_it_is_redeemed_until_its_last_moment() {
    let registered = [CALLBACK.to_owned()];
    for (second, redeemed) in [(0, true), (59, true), (60, false), (61, false)] {
        let verdict = judge_code(&code(&registered), &PLAIN, at(second));
        assert_eq!(verdict == CodeVerdict::Redeem, redeemed, "{second}: {verdict:?}");
    }
}

#[test]
fn each_mistake_about_a_code_has_its_own_verdict() {
    let (registered, nothing) = ([CALLBACK.to_owned()], []);
    let ended = Ended { at: at(5), because: "the person removed it".to_owned() };
    let challenge = verifier(VERIFIER).challenge();
    let other = verifier(&VERIFIER.replace('d', "e"));
    let fresh = code(&registered);
    let elsewhere = Redemption { redirect_uri: Some("https://app.example/callback/"), ..PLAIN };
    let with = |verifier| Redemption { verifier, ..PLAIN };
    let expected = CALLBACK.to_owned();
    let received = "https://app.example/callback/".to_owned();
    let challenged = CodeFacts { challenge: Some(&challenge), ..fresh };
    for (facts, presented, verdict) in [
        (
            CodeFacts { ended: Some(&ended), ..fresh },
            PLAIN,
            CodeVerdict::Refuse(Refusal::Ended(ended.clone())),
        ),
        (CodeFacts { spoiled_at: Some(at(1)), ..fresh }, PLAIN, CodeVerdict::Refuse(Refusal::Spoiled)),
        (
            fresh,
            elsewhere,
            CodeVerdict::Refuse(Refusal::RedirectUri { received, expected: expected.clone() }),
        ),
        (
            fresh,
            Redemption { redirect_uri: None, ..PLAIN },
            CodeVerdict::Refuse(Refusal::RedirectUriMissing { expected }),
        ),
        (
            CodeFacts { registered: &nothing, ..fresh },
            PLAIN,
            CodeVerdict::Refuse(Refusal::RedirectUriRemoved),
        ),
        (challenged, PLAIN, CodeVerdict::Spoil(Refusal::Proof(Unproven::VerifierMissing))),
        (challenged, with(Some(&other)), CodeVerdict::Spoil(Refusal::Proof(Unproven::Mismatch))),
        (fresh, with(Some(&other)), CodeVerdict::Spoil(Refusal::Proof(Unproven::NoChallenge))),
        (CodeFacts { role: None, ..fresh }, PLAIN, CodeVerdict::Refuse(Refusal::NoRole)),
        (
            CodeFacts { scopes: ScopeSet::of(&[Scope::DevicesWrite]), ..fresh },
            PLAIN,
            CodeVerdict::Refuse(Refusal::RoleLacks(Scope::DevicesWrite)),
        ),
    ] {
        assert_eq!(judge_code(&facts, &presented, at(10)), verdict);
    }
    assert_eq!(judge_code(&challenged, &with(Some(&verifier(VERIFIER))), at(10)), CodeVerdict::Redeem);
}

#[test]
fn a_used_code_ends_the_grant_unless_it_is_a_double_fire_with_the_right_proof() {
    let registered = [CALLBACK.to_owned()];
    let challenge = verifier(VERIFIER).challenge();
    let used = CodeFacts { redeemed_at: Some(at(10)), challenge: Some(&challenge), ..code(&registered) };
    let (right, wrong) = (verifier(VERIFIER), verifier(&VERIFIER.replace('d', "e")));
    for (millis, verifier, ends) in [
        (0, Some(&right), false),
        (1000, Some(&right), false),
        (1001, Some(&right), true),
        (300, Some(&wrong), true),
        (300, None, true),
        (540_000, Some(&right), true),
    ] {
        let now = at(10) + SignedDuration::from_millis(millis);
        let verdict = judge_code(&used, &Redemption { verifier, ..PLAIN }, now);
        let refusal = Refusal::CodeUsed { ago: SignedDuration::from_millis(millis) };
        let expected = if ends { CodeVerdict::EndGrant(refusal) } else { CodeVerdict::Refuse(refusal) };
        assert_eq!(verdict, expected, "{millis} ms");
    }
}

/// A refresh token that ends at second 100 when it is not used.
fn refresh() -> RefreshFacts<'static> {
    RefreshFacts {
        ended: None,
        expires_at: at(100),
        rotated: None,
        scopes: ScopeSet::of(&[Scope::DevicesRead, Scope::OfflineAccess]),
        bound: ScopeSet::of(&[Scope::DevicesRead, Scope::ObservationsRead, Scope::OfflineAccess]),
        role: Some(Role::Viewer),
        rotation: Rotation::Rotate,
    }
}

const FROM_HOME: RefreshRequest<'_> = RefreshRequest { scopes: None, address: "192.0.2.1" };

#[test]
fn a_fresh_refresh_token_is_rotated_or_kept_as_the_application_says() {
    assert_eq!(judge_refresh(&refresh(), &FROM_HOME, at(99)), RefreshVerdict::Rotate);
    let keep = Rotation::Keep(KeepReason::ClientSecretAndOwnersChoice);
    let kept = RefreshFacts { rotation: keep, ..refresh() };
    assert_eq!(judge_refresh(&kept, &FROM_HOME, at(99)), RefreshVerdict::Keep);
    assert_eq!(
        Rotation::of(ClientType::Public, keep),
        Rotation::Rotate,
        "a public client has no such choice"
    );
    assert_eq!(Rotation::of(ClientType::Confidential, keep), keep);
}

#[test]
fn a_refresh_token_that_may_not_be_used_says_why() {
    let ended = Ended { at: at(1), because: "it was revoked".to_owned() };
    let ago = SignedDuration::ZERO;
    let more = ScopeSet::of(&[Scope::DevicesRead, Scope::DevicesWrite]);
    for (facts, request, now, refusal) in [
        (RefreshFacts { ended: Some(&ended), ..refresh() }, FROM_HOME, 10, Refusal::Ended(ended.clone())),
        (refresh(), FROM_HOME, 100, Refusal::Expired { ago }),
        (RefreshFacts { role: None, ..refresh() }, FROM_HOME, 10, Refusal::NoRole),
        (
            refresh(),
            RefreshRequest { scopes: Some(more), ..FROM_HOME },
            10,
            Refusal::ScopeBeyondGrant(Scope::DevicesWrite),
        ),
    ] {
        assert_eq!(judge_refresh(&facts, &request, at(now)), RefreshVerdict::Refuse(refusal));
    }
}

#[test]
fn a_rotated_token_gets_its_successors_for_thirty_seconds_and_is_an_alarm_after() {
    let rotated = |successor| Some(Rotated { at: at(10), address: Some("192.0.2.1"), successor });
    let fresh = RefreshFacts { rotated: rotated(Successor::Unused), ..refresh() };
    let used = RefreshFacts { rotated: rotated(Successor::Used), ..refresh() };
    assert_eq!(judge_refresh(&fresh, &FROM_HOME, at(40)), RefreshVerdict::Repeat);
    let ago = SignedDuration::from_secs(30);
    let expected = RefreshVerdict::Refuse(Refusal::SuccessorUsed { ago, place: Place::Same });
    assert_eq!(judge_refresh(&used, &FROM_HOME, at(40)), expected);
    for facts in [fresh, used, RefreshFacts { expires_at: at(20), ..fresh }] {
        let away = RefreshRequest { address: "198.51.100.7", ..FROM_HOME };
        let refusal = Refusal::Rotated { ago: SignedDuration::from_secs(465), place: Place::Other };
        assert_eq!(judge_refresh(&facts, &away, at(475)), RefreshVerdict::EndFamily(refusal));
    }
    // Within the grace, too, nothing is given to somebody who may no longer have it, or who asks for more.
    let disabled = RefreshFacts { role: None, ..fresh };
    assert_eq!(judge_refresh(&disabled, &FROM_HOME, at(11)), RefreshVerdict::Refuse(Refusal::NoRole));
    let more = RefreshRequest { scopes: Some(ScopeSet::of(&[Scope::DevicesWrite])), ..FROM_HOME };
    let beyond = Refusal::ScopeBeyondGrant(Scope::DevicesWrite);
    assert_eq!(judge_refresh(&fresh, &more, at(11)), RefreshVerdict::Refuse(beyond));
}

#[test]
fn a_clock_that_was_set_back_makes_no_retry_of_what_was_used_long_ago() {
    let registered = [CALLBACK.to_owned()];
    let used = CodeFacts { redeemed_at: Some(at(4000)), ..code(&registered) };
    let rotated = Rotated { at: at(4000), address: None, successor: Successor::Unused };
    let refresh = RefreshFacts { rotated: Some(rotated), ..refresh() };
    for (now, is_retry) in
        [(400, false), (3969, false), (3970, true), (3999, true), (4030, true), (4031, false)]
    {
        let verdict = judge_refresh(&refresh, &FROM_HOME, at(now));
        assert_eq!(verdict == RefreshVerdict::Repeat, is_retry, "{now}: {verdict:?}");
        assert_eq!(matches!(verdict, RefreshVerdict::EndFamily(_)), !is_retry, "{now}: {verdict:?}");
    }
    for (now, ends) in [(400, true), (3998, true), (3999, false), (4001, false), (4002, true)] {
        let verdict = judge_code(&used, &PLAIN, at(now));
        assert_eq!(matches!(verdict, CodeVerdict::EndGrant(_)), ends, "{now}: {verdict:?}");
    }
}

#[test]
fn the_owner_is_told_when_and_from_where() {
    let refusal = Refusal::Rotated { ago: SignedDuration::from_secs(465), place: Place::Other };
    assert!(refusal.reason().starts_with("Presented 7m45s after it was rotated, from another address."));
    let fired_twice = Refusal::CodeUsed { ago: SignedDuration::from_millis(300) };
    assert!(fired_twice.reason().contains("300ms"), "{}", fired_twice.reason());
}

#[test]
fn a_stranger_is_not_told_what_exists() {
    let ended = Ended { at: at(1), because: "it was revoked".to_owned() };
    let public = Refusal::Unknown.to_string();
    for refusal in [Refusal::OtherClient, Refusal::Ended(ended), Refusal::Spoiled, Refusal::TakenBack] {
        assert_eq!(refusal.to_string(), public);
    }
    // Not even an application's owner: anybody can own one, and try out what they found.
    assert_eq!(Refusal::OtherClient.reason(), Refusal::Unknown.reason());
}

#[test]
fn a_refresh_token_ends_with_offline_access_and_with_the_last_of_what_it_was_for() {
    let bound = |bound: &[Scope]| RefreshFacts { bound: ScopeSet::of(bound), ..refresh() };
    for (left, verdict) in [
        (&[Scope::DevicesRead, Scope::OfflineAccess][..], RefreshVerdict::Rotate),
        (&[Scope::DevicesRead], RefreshVerdict::Refuse(Refusal::TakenBack)),
        (&[Scope::OfflineAccess], RefreshVerdict::Refuse(Refusal::TakenBack)),
        (&[Scope::ObservationsRead, Scope::OfflineAccess], RefreshVerdict::Refuse(Refusal::TakenBack)),
        (&[], RefreshVerdict::Refuse(Refusal::TakenBack)),
    ] {
        assert_eq!(judge_refresh(&bound(left), &FROM_HOME, at(10)), verdict, "{left:?}");
    }
}
