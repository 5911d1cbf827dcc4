"""RULE: which packed form does a client take, and does it have the bytes already?

https://www.rfc-editor.org/rfc/rfc9110 sections 8.8 (validators), 12.5.3 (Accept-Encoding) and 13
(conditional requests).
"""

import math
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from hashlib import sha256

CODINGS = {"br": ".br", "gzip": ".gz"}
"""Content codings and the ending of the file that holds them, the smallest first."""
ETAG_CHARS = 32


def codings(accept_encoding: str) -> list[str]:
    """The codings of ours a client takes, the most welcome first; empty = only as it is."""
    weights = dict(map(_weighed, accept_encoding.lower().split(",")))
    rest = weights.get("*", 0.0)
    wishes = {coding: weights.get(coding, rest) for coding in CODINGS}
    plain = weights.get("identity", 0.0)
    taken = [coding for coding in CODINGS if wishes[coding] > 0 and wishes[coding] >= plain]
    return sorted(taken, key=lambda coding: -wishes[coding])


def etag_of(body: bytes) -> str:
    """A strong validator of the bytes as they are sent, so each coding has its own."""
    return f'"{sha256(body).hexdigest()[:ETAG_CHARS]}"'


def last_modified(written: float, now: float) -> str:
    """When the bytes last changed, as an HTTP date, or "" while that second is not over.

    A date has whole seconds. Given out earlier, it would also name the bytes that the rest of the
    second may bring, and a client could keep a killed headline.
    """
    if math.floor(now) <= math.floor(written):
        return ""
    return format_datetime(datetime.fromtimestamp(math.floor(written), UTC), usegmt=True)


def is_unchanged(none_match: str, modified_since: str, *, etag: str, modified: str) -> bool:
    """Whether the client has these bytes. If-None-Match decides alone when it is there."""
    if none_match:
        tags = [tag.strip().removeprefix("W/") for tag in none_match.split(",")]
        return "*" in tags or etag in tags
    if not modified_since or not modified:
        return False
    try:
        return parsedate_to_datetime(modified_since) >= parsedate_to_datetime(modified)
    except (ValueError, TypeError):  # no date, or one without a zone
        return False


def _weighed(wish: str) -> tuple[str, float]:
    coding, *parameters = (part.strip() for part in wish.split(";"))
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            return coding, _number(value.strip())
    return coding, 1.0


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        return 0.0
    return value if math.isfinite(value) else 0.0
