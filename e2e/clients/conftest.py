import os

import pytest
from demo import Demo
from person import Person


@pytest.fixture(scope="session")
def demo():
    """One server for the whole suite: the tests don't disturb each other, because each makes what it changes."""
    with Demo() as running:
        yield running


@pytest.fixture
def person(demo, redirect_uri):
    """Somebody who has not signed in yet."""
    return Person(demo.issuer, redirect_uri)


@pytest.fixture
def redirect_uri(demo):
    """Where the confidential application of demo.json is called back. Nobody listens there: the tests read the address."""
    return demo.confidential["redirect_uris"][0]


@pytest.fixture
def refreshes():
    """How often in a row a token is refreshed: once, or many times in the long form."""
    return 200 if os.environ.get("BLUESONDE_TEST_LONG") else 1
