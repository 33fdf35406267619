"""requests-oauthlib, unmodified and with its defaults.

It is the strictest about `scope`: oauthlib raises a `Warning`, as an exception, when what was granted is not the set
that was asked for. Every token below passes that check. It is also the freest about where it puts the parameters.
"""

import time

import api
import pytest
from oauthlib.oauth2 import WebApplicationClient
from oauthlib.oauth2.rfc6749.errors import InvalidClientError, InvalidGrantError
from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth2Session

SCOPE = ["devices:read", "observations:read", "offline_access"]


class Application:
    """One of the demo's applications, as its developer would write it down."""

    def __init__(self, demo, facts, consent):
        self.id = facts["client_id"]
        self.secret = facts["client_secret"]
        self.token_url = f"{demo.issuer}/oauth2/token"
        self._authorization_url = f"{demo.issuer}/oauth2/auth"
        self._redirect_uri = facts["redirect_uris"][0]
        self._consent = consent

    @property
    def basic(self):
        return HTTPBasicAuth(self.id, self.secret or "")

    def session(self, scope=SCOPE, **options):
        return OAuth2Session(self.id, redirect_uri=self._redirect_uri, scope=scope, **options)

    def callback(self, session):
        """Where the browser arrives after the consent."""
        url, _state = session.authorization_url(self._authorization_url)
        return self._consent(url)

    def authorized(self, **options):
        """A session with a token, got in the library's default way."""
        session = self.session(**options)
        arrival = self.callback(session)
        session.fetch_token(self.token_url, authorization_response=arrival, client_secret=self.secret)
        return session


@pytest.fixture
def confidential(demo, consent):
    return Application(demo, demo.confidential, consent)


@pytest.fixture
def public(demo, consent):
    return Application(demo, demo.public, consent)


def test_a_code_with_pkce_is_exchanged_and_devices_are_read(demo, confidential):
    session = confidential.authorized(pkce="S256")

    assert api.device_ids(_devices(demo, session)) == demo.organization["device_ids"]


@pytest.mark.parametrize(
    "scope",
    [SCOPE, SCOPE[::-1], ["devices:read"], ["observations:read", "offline_access"]],
    ids=["all", "all, in another order", "one, for now", "one, for later too"],
)
def test_the_granted_scope_is_the_one_that_was_asked_for(confidential, scope):
    session = confidential.authorized(scope=scope)

    assert session.token["scope"] == scope
    assert ("refresh_token" in session.token) == ("offline_access" in scope)


def test_a_public_client_sends_its_id_with_an_empty_password(demo, public):
    session = public.authorized(pkce="S256")

    assert api.device_ids(_devices(demo, session)) == demo.organization["device_ids"]


@pytest.mark.parametrize("which", ["confidential", "public"])
def test_include_client_id_puts_the_client_into_the_body(demo, which, request):
    application = request.getfixturevalue(which)
    session = application.session(pkce="S256")
    arrival = application.callback(session)

    session.fetch_token(
        application.token_url,
        authorization_response=arrival,
        client_secret=application.secret,
        include_client_id=True,
    )

    assert api.device_ids(_devices(demo, session))


def test_force_querystring_puts_the_code_into_the_query(demo, confidential):
    session = confidential.session(pkce="S256")
    arrival = confidential.callback(session)

    session.fetch_token(
        confidential.token_url,
        authorization_response=arrival,
        client_secret=confidential.secret,
        force_querystring=True,
    )

    assert api.device_ids(_devices(demo, session))


def test_a_refresh_with_auth_rotates_and_reads(demo, confidential, refreshes):
    session = confidential.authorized()

    for _ in range(refreshes):
        before = dict(session.token)
        session.refresh_token(confidential.token_url, auth=confidential.basic)
        assert session.token["access_token"] != before["access_token"]
        assert session.token["refresh_token"] != before["refresh_token"]

    assert api.device_ids(_devices(demo, session))


def test_a_refresh_without_auth_says_that_the_client_is_missing_and_uses_nothing_up(demo, confidential):
    session = confidential.authorized()

    with pytest.raises(InvalidClientError) as refusal:
        session.refresh_token(confidential.token_url)

    assert refusal.value.description
    session.refresh_token(confidential.token_url, auth=confidential.basic)
    assert api.device_ids(_devices(demo, session))


def test_a_public_client_refreshes_with_its_id_in_the_body(demo, public):
    session = public.authorized(pkce="S256")

    session.refresh_token(public.token_url, client_id=public.id)

    assert api.device_ids(_devices(demo, session))


def test_an_expired_token_is_refreshed_on_the_way_to_the_data(demo, confidential):
    expired = {**confidential.authorized().token, "expires_at": time.time() - 1}
    updates = []
    session = confidential.session(
        token=expired,
        auto_refresh_url=confidential.token_url,
        auto_refresh_kwargs={"client_id": confidential.id, "client_secret": confidential.secret},
        token_updater=updates.append,
    )

    assert api.device_ids(_devices(demo, session))
    assert len(updates) == 1


@pytest.mark.parametrize("which", ["confidential", "public"])
def test_a_token_revoked_as_oauthlib_writes_it_reads_nothing(demo, which, request):
    application = request.getfixturevalue(which)
    session = application.authorized(pkce="S256")
    # requests-oauthlib has no revocation of its own; oauthlib, which it stands on, prepares the request.
    url, headers, body = WebApplicationClient(application.id).prepare_token_revocation_request(
        demo.metadata["revocation_endpoint"], session.access_token
    )

    answer = session.post(url, headers=headers, data=body, auth=application.basic, withhold_token=True)

    assert answer.status_code == 200, answer.text
    assert api.is_refused_as_invalid(_devices(demo, session))


def test_a_code_that_is_used_again_is_an_invalid_grant_with_a_reason(confidential):
    session = confidential.session()
    arrival = confidential.callback(session)
    session.fetch_token(
        confidential.token_url, authorization_response=arrival, client_secret=confidential.secret
    )

    with pytest.raises(InvalidGrantError) as refusal:
        session.fetch_token(
            confidential.token_url, authorization_response=arrival, client_secret=confidential.secret
        )

    assert refusal.value.description


def test_a_wrong_secret_is_an_invalid_client_with_a_reason(confidential):
    session = confidential.session()
    arrival = confidential.callback(session)

    with pytest.raises(InvalidClientError) as refusal:
        session.fetch_token(
            confidential.token_url, authorization_response=arrival, client_secret="not the secret"
        )

    assert refusal.value.description


def _devices(demo, session):
    return session.get(f"{demo.api}/devices", timeout=15)
