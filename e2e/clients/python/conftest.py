import os

import pytest
from demo import Demo
from person import Person


@pytest.fixture(scope="session")
def demo():
    """One server for the whole suite: the tests don't disturb each other, because each makes what it changes."""
    with Demo() as running:
        yield running


@pytest.fixture(autouse=True)
def plain_http_on_loopback(monkeypatch):
    """The libraries' own switches for http, because the demo is on loopback: Authlib's and oauthlib's."""
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")


@pytest.fixture
def person(demo, redirect_uri):
    """Somebody who has not signed in yet."""
    return Person(demo.issuer, redirect_uri)


@pytest.fixture
def consent(demo, person, redirect_uri):
    """Takes an authorization URL through login and consent; returns the address the browser is sent back to."""

    def give(url):
        arrival = person.allow(person.sign_in(person.open(url), demo.user("Organization Admin")))
        assert isinstance(arrival, str) and arrival.startswith(redirect_uri), arrival
        return arrival

    return give


@pytest.fixture
def redirect_uri(demo):
    """Where both applications of demo.json are called back. Nobody listens there: the tests read the address."""
    return demo.confidential["redirect_uris"][0]


@pytest.fixture
def refreshes():
    """How often in a row a token is refreshed: once, or many times in the long form."""
    return 200 if os.environ.get("BLUESONDE_TEST_LONG") else 1
