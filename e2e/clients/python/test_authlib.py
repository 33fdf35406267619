"""Authlib, unmodified and with its defaults, gets a customer's consent and reads the customer's data."""

import time
from urllib.parse import parse_qs, urlsplit

import api
import pytest
from authlib.common.errors import AuthlibBaseError
from authlib.common.security import generate_token
from authlib.integrations.requests_client import OAuth2Session

SCOPE = "devices:read observations:read offline_access"
DOUBLE_FIRE_S = 1.0


@pytest.fixture
def authlib(demo, redirect_uri):
    """Makes sessions, of the confidential application unless told; keyword arguments are Authlib's own."""

    def session(application=demo.confidential, **options):
        return OAuth2Session(
            application["client_id"],
            application["client_secret"],
            scope=SCOPE,
            redirect_uri=redirect_uri,
            token_endpoint=f"{demo.issuer}/oauth2/token",
            **options,
        )

    return session


def test_a_customer_consents_and_the_application_reads_devices(demo, authlib, consent):
    session = authlib()
    url, _state = session.create_authorization_url(f"{demo.issuer}/oauth2/auth")

    token = session.fetch_token(authorization_response=consent(url))

    assert token["token_type"] == "Bearer"
    assert token["scope"] == SCOPE
    assert [device["id"] for device in _read(demo, session, "/devices")] == demo.organization["device_ids"]


def test_a_code_with_pkce_is_exchanged_with_its_verifier(demo, authlib, consent):
    session = authlib(code_challenge_method="S256")
    verifier = generate_token(48)
    url, _state = session.create_authorization_url(f"{demo.issuer}/oauth2/auth", code_verifier=verifier)

    session.fetch_token(authorization_response=consent(url), code_verifier=verifier)

    assert _read(demo, session, "/observations/latest")


@pytest.mark.parametrize("method", ["client_secret_post", "none"])
def test_another_way_to_authenticate_does_as_well(demo, authlib, consent, method):
    application = demo.public if method == "none" else demo.confidential
    session = authlib(application, token_endpoint_auth_method=method, code_challenge_method="S256")
    verifier = generate_token(48)
    url, _state = session.create_authorization_url(f"{demo.issuer}/oauth2/auth", code_verifier=verifier)

    session.fetch_token(authorization_response=consent(url), code_verifier=verifier)
    session.refresh_token()

    assert _read(demo, session, "/devices")


def test_a_wrong_verifier_is_refused(demo, authlib, consent):
    session = authlib(code_challenge_method="S256")
    verifier = generate_token(48)
    url, _state = session.create_authorization_url(f"{demo.issuer}/oauth2/auth", code_verifier=verifier)
    arrival = consent(url)

    with pytest.raises(AuthlibBaseError) as refusal:
        session.fetch_token(authorization_response=arrival, code_verifier=generate_token(48))

    assert refusal.value.error == "invalid_grant"
    assert refusal.value.description


def test_a_refresh_token_rotates_and_the_new_access_token_reads(demo, authlib, consent, refreshes):
    session = authlib()
    _authorize(demo, session, consent)

    for _ in range(refreshes):
        before = dict(session.token)
        session.refresh_token()
        assert session.token["refresh_token"] != before["refresh_token"]
        assert session.token["access_token"] != before["access_token"]

    assert _read(demo, session, "/observations/latest")


def test_a_refresh_that_is_tried_again_gets_the_same_tokens(demo, authlib, consent):
    session = authlib()
    first = dict(_authorize(demo, session, consent))

    once = session.refresh_token(refresh_token=first["refresh_token"])
    again = session.refresh_token(refresh_token=first["refresh_token"])

    assert again["access_token"] == once["access_token"]
    assert again["refresh_token"] == once["refresh_token"]


def test_authlib_refreshes_by_itself_when_the_token_has_expired(demo, authlib, consent):
    session = authlib()
    expired = {**_authorize(demo, session, consent), "expires_at": int(time.time()) - 1}
    updates = []
    later = authlib(token=expired, update_token=lambda token, **_: updates.append(token))

    assert _read(demo, later, "/devices")
    assert len(updates) == 1


def test_a_code_works_once(demo, authlib, consent):
    session = authlib()
    url, _state = session.create_authorization_url(f"{demo.issuer}/oauth2/auth")
    arrival = consent(url)
    session.fetch_token(authorization_response=arrival)

    with pytest.raises(AuthlibBaseError) as refusal:
        authlib().fetch_token(authorization_response=arrival)

    assert refusal.value.error == "invalid_grant"


def test_a_code_that_comes_back_late_ends_the_grant(demo, authlib, consent):
    session = authlib()
    url, _state = session.create_authorization_url(f"{demo.issuer}/oauth2/auth")
    arrival = consent(url)
    session.fetch_token(authorization_response=arrival)

    # Within a second a duplicate is a browser's double fire; only after that it is somebody else's copy.
    time.sleep(DOUBLE_FIRE_S + 0.2)
    with pytest.raises(AuthlibBaseError) as refusal:
        authlib().fetch_token(authorization_response=arrival)

    assert refusal.value.error == "invalid_grant"
    assert session.get(f"{demo.api}/devices", timeout=15).status_code == 401


def test_a_revoked_refresh_token_takes_its_access_token_along(demo, authlib, consent):
    session = authlib(revocation_endpoint_auth_method="client_secret_basic")
    token = dict(_authorize(demo, session, consent))

    answer = session.revoke_token(
        demo.metadata["revocation_endpoint"], token=token["refresh_token"], token_type_hint="refresh_token"
    )

    assert answer.status_code == 200
    assert api.is_refused_as_invalid(session.get(f"{demo.api}/devices", timeout=15))


def test_introspection_tells_a_live_token_from_a_revoked_one(demo, authlib, consent):
    session = authlib()
    access_token = _authorize(demo, session, consent)["access_token"]
    endpoints = demo.metadata

    live = session.introspect_token(endpoints["introspection_endpoint"], token=access_token).json()
    session.revoke_token(endpoints["revocation_endpoint"], token=access_token)
    revoked = session.introspect_token(endpoints["introspection_endpoint"], token=access_token).json()

    assert (live["active"], live["client_id"], live["scope"]) == (True, demo.confidential["client_id"], SCOPE)
    assert revoked == {"active": False}


def test_a_customer_who_denies_sends_the_application_an_error_and_its_state(demo, authlib, person):
    url, state = authlib().create_authorization_url(f"{demo.issuer}/oauth2/auth", prompt="consent")

    arrival = person.deny(person.sign_in(person.open(url), demo.user("Organization Admin")))

    answer = parse_qs(urlsplit(arrival).query, strict_parsing=True)
    assert (answer["error"], answer["state"], answer["iss"]) == (["access_denied"], [state], [demo.issuer])
    assert "code" not in answer


def _authorize(demo, session, consent):
    url, _state = session.create_authorization_url(f"{demo.issuer}/oauth2/auth")
    return session.fetch_token(authorization_response=consent(url))


def _read(demo, session, path):
    answer = session.get(f"{demo.api}{path}", timeout=15)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]
