"""The access documentation's own recipe, done by hand as it is printed: nothing more is sent than it says."""

import base64
import secrets
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests

PATIENCE_S = 15
SCOPE = "devices:read observations:read offline_access"


def test_a_key_goes_into_the_authorization_header(demo):
    key = demo.key("devices:read", "observations:read")

    answer = _read(demo, "/observations/latest", key)

    assert answer.status_code == 200
    assert answer.json()["data"]


def test_a_mistyped_key_is_refused(demo):
    key = demo.key("devices:read", "observations:read")
    mistyped = key[:-1] + ("a" if key[-1] != "a" else "b")

    answer = _read(demo, "/observations/latest", mistyped)

    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]
    assert answer.headers["Content-Type"] == "application/problem+json"


def _encoded(client_id, client_secret):
    return base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()


def _as_printed(client_id, client_secret):
    return f"{client_id}:{client_secret}"


@pytest.mark.parametrize("pair", [_encoded, _as_printed])
def test_a_code_is_exchanged_with_query_parameters_and_a_basic_header(demo, person, redirect_uri, pair):
    application = demo.confidential
    code = _code(demo, person, redirect_uri)

    answer = _exchange(
        demo,
        {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri},
        pair(application["client_id"], application["client_secret"]),
    )

    assert answer.status_code == 200, answer.text
    token = answer.json()
    assert answer.headers["Cache-Control"] == "no-store"
    assert (token["token_type"], token["scope"]) == ("Bearer", SCOPE)
    assert token["expires_in"] > 0
    assert _read(demo, "/devices", token["access_token"]).json()["data"]


def test_a_secret_in_the_query_is_refused_and_the_code_stays_usable(demo, person, redirect_uri):
    application = demo.confidential
    basic = _encoded(application["client_id"], application["client_secret"])
    grant = {
        "grant_type": "authorization_code",
        "code": _code(demo, person, redirect_uri),
        "redirect_uri": redirect_uri,
    }

    refused = _exchange(demo, {**grant, "client_secret": application["client_secret"]}, basic)

    assert refused.status_code == 400
    assert refused.json()["error"] == "invalid_request"
    assert _exchange(demo, grant, basic).status_code == 200


def test_a_wrong_secret_is_invalid_client_and_the_code_stays_usable(demo, person, redirect_uri):
    application = demo.confidential
    grant = {
        "grant_type": "authorization_code",
        "code": _code(demo, person, redirect_uri),
        "redirect_uri": redirect_uri,
    }

    refused = _exchange(demo, grant, _encoded(application["client_id"], "not the secret"))

    assert refused.status_code == 401
    assert refused.json()["error"] == "invalid_client"
    assert refused.headers["WWW-Authenticate"].startswith("Basic")
    basic = _encoded(application["client_id"], application["client_secret"])
    assert _exchange(demo, grant, basic).status_code == 200


def test_an_unregistered_redirect_uri_is_explained_to_the_person_and_never_visited(demo, person):
    page = person.open(_authorization_url(demo, "https://attacker.example/callback", "a state"))

    assert not isinstance(page, str), f"sent to {page}"
    assert page.status == 400
    # The page marks the part that differs, so the address comes in several pieces of text.
    assert "https://attacker.example/callback" in page.text.replace(" ", "")


def test_an_unknown_client_is_explained_to_the_person(demo, person, redirect_uri):
    url = _authorization_url(demo, redirect_uri, "a state", client_id="app" + "a" * 26)

    page = person.open(url)

    assert not isinstance(page, str), f"sent to {page}"
    assert page.status == 400


def test_a_wrong_password_signs_nobody_in(demo, person, redirect_uri):
    admin = demo.user("Organization Admin")
    page = person.open(_authorization_url(demo, redirect_uri, "a state"))

    again = person.sign_in(page, {**admin, "password": "not the password"})

    assert again.form("password"), "the form is there to try again"


def _code(demo, person, redirect_uri):
    """Walks the first half of the recipe and returns the code, having checked the state."""
    state = secrets.token_urlsafe(16)
    page = person.open(_authorization_url(demo, redirect_uri, state))
    arrival = person.allow(person.sign_in(page, demo.user("Organization Admin")))
    answer = parse_qs(urlsplit(arrival).query, strict_parsing=True)
    assert answer["state"] == [state]
    return answer["code"][0]


def _authorization_url(demo, redirect_uri, state, client_id=None):
    """The recipe's five parameters."""
    parameters = {
        "response_type": "code",
        "client_id": client_id or demo.confidential["client_id"],
        "redirect_uri": redirect_uri,
        "scope": SCOPE,
        "state": state,
    }
    return f"{demo.issuer}/oauth2/auth?{urlencode(parameters)}"


def _exchange(demo, query, basic):
    """The recipe's token request: parameters in the query, the client in the header, and an empty body."""
    return requests.post(
        f"{demo.issuer}/oauth2/token",
        params=query,
        headers={"Content-Type": "application/x-www-form-urlencoded", "Authorization": f"Basic {basic}"},
        timeout=PATIENCE_S,
    )


def _read(demo, path, credential):
    return requests.get(f"{demo.api}{path}", headers={"Authorization": f"Bearer {credential}"}, timeout=PATIENCE_S)
