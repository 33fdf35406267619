"""A demo server of the test's own: a free port, a directory of its own, and what demo.json says about it."""

import json
import os
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import requests

BINARY = os.environ.get("BLUESONDE_BIN", str(Path(__file__).parents[3] / "target/debug/bluesonde"))
STARTS_WITHIN_S = 60
STOPS_WITHIN_S = 15


class Demo:
    """A running `bluesonde demo`; use it in a `with` statement."""

    def __enter__(self):
        self._directory = tempfile.TemporaryDirectory(prefix="bluesonde-e2e-")
        self._log = open(Path(self._directory.name) / "output.log", "w+b")
        self._process = subprocess.Popen(
            [BINARY, "demo", "--listen", f"127.0.0.1:{_free_port()}", "--data-dir", f"{self._directory.name}/data"],
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )
        try:
            facts = self._wait()
        except BaseException:
            self._end()
            raise
        self.issuer = facts["issuer"]
        self.api = facts["api"]
        self.organization = facts["organizations"][0]
        return self

    def __exit__(self, *_):
        code = self._end()
        assert code == 0, f"the server did not drain and end well when it was asked to stop: {code}"

    def user(self, role):
        """The first organization's user in a built-in role."""
        return next(user for user in self.organization["users"] if user["role"] == role)

    def key(self, *scopes):
        """The key that has exactly these scopes."""
        wanted = set(scopes)
        return next(key["key"] for key in self.organization["api_keys"] if set(key["scopes"]) == wanted)

    @property
    def confidential(self):
        return next(app for app in self.organization["oauth_applications"] if not app["public"])

    @property
    def public(self):
        return next(app for app in self.organization["oauth_applications"] if app["public"])

    @property
    def metadata(self):
        """The server's own list of its endpoints (RFC 8414)."""
        return requests.get(f"{self.issuer}/.well-known/oauth-authorization-server", timeout=5).json()

    def _wait(self):
        deadline = time.monotonic() + STARTS_WITHIN_S
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise RuntimeError(f"bluesonde demo ended ({self._process.returncode}):\n{self._output()}")
            facts = self._facts()
            if facts and _answers(f"{facts['issuer']}/.well-known/oauth-authorization-server"):
                return facts
            time.sleep(0.05)
        raise RuntimeError(f"bluesonde demo did not answer within {STARTS_WITHIN_S} s:\n{self._output()}")

    def _facts(self):
        try:
            return json.loads(Path(self._directory.name, "data", "demo.json").read_text())
        except (FileNotFoundError, json.JSONDecodeError):  # not written yet, or being written
            return None

    def _output(self):
        self._log.seek(0)
        return self._log.read().decode(errors="replace")

    def _end(self):
        self._process.terminate()
        try:
            code = self._process.wait(STOPS_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        self._log.close()
        self._directory.cleanup()
        return code


def _answers(url):
    try:
        return requests.get(url, timeout=5).ok
    except requests.ConnectionError:
        return False


def _free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
