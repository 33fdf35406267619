"""httpx-oauth, the client of FastAPI Users, unmodified: it authenticates in the body, or with Basic when told to."""

import asyncio
import base64
import hashlib
import secrets
from urllib.parse import parse_qs, urlsplit

import api
import httpx
import pytest
from httpx_oauth.oauth2 import BaseOAuth2, GetAccessTokenError

SCOPE = ["devices:read", "observations:read", "offline_access"]


@pytest.fixture(params=["client_secret_post", "client_secret_basic"])
def client(demo, request):
    application = demo.confidential
    return BaseOAuth2(
        application["client_id"],
        application["client_secret"],
        f"{demo.issuer}/oauth2/auth",
        f"{demo.issuer}/oauth2/token",
        refresh_token_endpoint=f"{demo.issuer}/oauth2/token",
        revoke_token_endpoint=f"{demo.issuer}/oauth2/revoke",
        base_scopes=SCOPE,
        token_endpoint_auth_method=request.param,
        revocation_endpoint_auth_method=request.param,
    )


@pytest.fixture
def token(client, consent, redirect_uri):
    """A token for a code with PKCE."""
    verifier = secrets.token_urlsafe(48)
    code = _code(client, consent, redirect_uri, verifier)
    return asyncio.run(client.get_access_token(code, redirect_uri, verifier))


def test_a_code_with_pkce_is_exchanged_and_devices_are_read(demo, token):
    assert not token.is_expired()
    assert token["scope"].split() == SCOPE
    assert api.device_ids(_devices(demo, token)) == demo.organization["device_ids"]


def test_a_refreshed_token_reads(demo, client, token):
    refreshed = asyncio.run(client.refresh_token(token["refresh_token"]))

    assert refreshed["access_token"] != token["access_token"]
    assert refreshed["refresh_token"] != token["refresh_token"]
    assert api.device_ids(_devices(demo, refreshed))


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
def test_a_revoked_token_reads_nothing(demo, client, token, kind):
    asyncio.run(client.revoke_token(token[kind], kind))

    assert api.is_refused_as_invalid(_devices(demo, token))


def test_a_wrong_verifier_is_an_invalid_grant_with_a_reason(client, consent, redirect_uri):
    code = _code(client, consent, redirect_uri, secrets.token_urlsafe(48))

    with pytest.raises(GetAccessTokenError) as refusal:
        asyncio.run(client.get_access_token(code, redirect_uri, secrets.token_urlsafe(48)))

    # The library reads no error itself: it hands over the response.
    assert refusal.value.response.status_code == 400
    answer = refusal.value.response.json()
    assert answer["error"] == "invalid_grant"
    assert answer["error_description"]


def _code(client, consent, redirect_uri, verifier):
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    state = secrets.token_urlsafe(16)
    url = asyncio.run(
        client.get_authorization_url(
            redirect_uri, state, code_challenge=challenge, code_challenge_method="S256"
        )
    )
    answer = parse_qs(urlsplit(consent(url)).query, strict_parsing=True)
    assert answer["state"] == [state]
    return answer["code"][0]


def _devices(demo, token):
    headers = {"Authorization": f"{token['token_type']} {token['access_token']}"}
    return httpx.get(f"{demo.api}/devices", headers=headers, timeout=15)
