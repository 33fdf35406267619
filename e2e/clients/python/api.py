"""What an answer of the data API says, whichever HTTP client got it."""


def device_ids(answer):
    assert answer.status_code == 200, answer.text
    return [device["id"] for device in answer.json()["data"]]


def is_refused_as_invalid(answer):
    """Whether a client can tell from the answer that it needs another token (RFC 6750 §3.1): it refreshes on 401 alone."""
    challenge = answer.headers.get("WWW-Authenticate", "")
    return answer.status_code == 401 and challenge.startswith("Bearer ") and 'error="invalid_token"' in challenge
