"""Runs another language's tests against a demo server of their own, with a person at hand.

    python stage.py COMMAND…

The command finds what it needs in its environment:

    BLUESONDE_ISSUER, BLUESONDE_API       the server and its data API
    BLUESONDE_CLIENT_ID, …_CLIENT_SECRET  the confidential application
    BLUESONDE_PUBLIC_CLIENT_ID            the public one
    BLUESONDE_REDIRECT_URI                where both are called back
    BLUESONDE_PERSON                      who opens pages: POST an authorization URL, as text, to …/allow or …/deny,
                                          and the answer, as text, is the address that the browser was sent back to

The languages share this one person, because what differs between them is the library and not the browser.
"""

import contextlib
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from demo import Demo
from person import Person

DECISIONS = {"/allow": Person.allow, "/deny": Person.deny}


def main(command):
    with Demo() as demo, _person(demo) as address:
        return subprocess.run(command, env={**os.environ, **_facts(demo, address)}).returncode


def _facts(demo, person):
    return {
        "BLUESONDE_ISSUER": demo.issuer,
        "BLUESONDE_API": demo.api,
        "BLUESONDE_CLIENT_ID": demo.confidential["client_id"],
        "BLUESONDE_CLIENT_SECRET": demo.confidential["client_secret"],
        "BLUESONDE_PUBLIC_CLIENT_ID": demo.public["client_id"],
        "BLUESONDE_REDIRECT_URI": demo.confidential["redirect_uris"][0],
        "BLUESONDE_PERSON": person,
    }


@contextlib.contextmanager
def _person(demo):
    """Serves the person; gives their address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            url = self.rfile.read(int(self.headers["Content-Length"])).decode()
            try:
                status, text = 200, _decided(demo, url, DECISIONS[self.path])
            except Exception as trouble:  # whatever went wrong on the way is for the test to show
                status, text = 500, repr(trouble)
            self.send_response(status)
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_):
            """The test's own output is enough."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def _decided(demo, url, decide):
    """Takes the authorization URL to the end as somebody who has not signed in yet."""
    person = Person(demo.issuer, demo.confidential["redirect_uris"][0])
    page = person.open(url)
    arrival = page if isinstance(page, str) else decide(person, person.sign_in(page, demo.user("Organization Admin")))
    if not isinstance(arrival, str):
        raise AssertionError(f"stopped at {arrival.url} ({arrival.status}): {arrival.text[:500]}")
    return arrival


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
