"""A person at a very small browser: it follows links and redirects, and fills in the forms that it finds.

It sends what browsers send with a form (`Origin`, `Referer`, `Sec-Fetch-Site`), keeps cookies, and stops where the
server sends it back to the application: the test reads that address as the application would.
"""

from urllib.parse import urljoin, urlsplit

import requests
from bs4 import BeautifulSoup

PATIENCE_S = 15
REDIRECTS = (301, 302, 303, 307, 308)


class Person:
    def __init__(self, issuer, redirect_uri):
        self._issuer = issuer
        self._leaves_at = redirect_uri
        self._http = requests.Session()

    def open(self, url):
        """Opens an address; returns the `Page` it leads to, or the address of another site, as text."""
        return self._follow(self._http.get(url, allow_redirects=False, timeout=PATIENCE_S))

    def sign_in(self, page, user):
        return self.submit(page, "password", email=user["email"], password=user["password"])

    def allow(self, page):
        """Presses Allow and returns the address of the application; with a consent that is remembered nobody asks."""
        return page if isinstance(page, str) else self.submit(page, "decision", decision="allow")

    def deny(self, page):
        return self.submit(page, "decision", decision="deny")

    def submit(self, page, field, **filled):
        """Sends the form that has `field`, with what the page had filled in already and `filled` on top."""
        form = page.form(field)
        fields = [(name, value) for name, value in form.fields if name not in filled] + list(filled.items())
        headers = {"Origin": self._issuer, "Referer": page.url, "Sec-Fetch-Site": "same-origin"}
        answer = self._http.post(
            form.action, data=fields, headers=headers, allow_redirects=False, timeout=PATIENCE_S
        )
        return self._follow(answer)

    def _follow(self, answer):
        while answer.status_code in REDIRECTS:
            target = urljoin(answer.url, answer.headers["Location"])
            if target.startswith(self._leaves_at) or _origin(target) != _origin(self._issuer):
                return target
            answer = self._http.get(target, allow_redirects=False, timeout=PATIENCE_S)
        return Page(answer)


class Page:
    def __init__(self, answer):
        self.url = answer.url
        self.status = answer.status_code
        self._soup = BeautifulSoup(answer.text, "html.parser")
        self.text = self._soup.get_text(" ", strip=True)

    def form(self, field):
        """The form that has a field or button of this name."""
        for form in self._soup.find_all("form"):
            if form.find(attrs={"name": field}):
                return Form(self.url, form)
        raise AssertionError(f"no form with {field!r} at {self.url} ({self.status}): {self.text[:500]}")


class Form:
    def __init__(self, page_url, form):
        self.action = urljoin(page_url, form.get("action") or page_url)
        self.fields = [pair for control in form.find_all(["input", "textarea", "select"]) for pair in _sent(control)]


def _sent(control):
    """The (name, value) pairs that a control sends when nobody has touched it."""
    name = control.get("name")
    if not name or control.has_attr("disabled"):
        return []
    if control.name == "textarea":
        return [(name, control.get_text())]
    if control.name == "select":
        options = control.find_all("option")
        chosen = [option for option in options if option.has_attr("selected")] or options[:1]
        return [(name, option.get("value", option.get_text())) for option in chosen]
    kind = control.get("type", "text")
    if kind in ("submit", "button", "reset", "image", "file"):
        return []
    if kind in ("checkbox", "radio"):
        return [(name, control.get("value", "on"))] if control.has_attr("checked") else []
    return [(name, control.get("value", ""))]


def _origin(url):
    return urlsplit(url)[:2]
