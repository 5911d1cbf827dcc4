"""RULE: how a change is told, in answers and in events.

Members without a value are absent. Readers must not choke on members that come later.
"""

import json
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from services.publish.changes import cursor
from services.publish.changes.page import Page, Told
from services.publish.live import Site
from shared.text import rfc3339_utc

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


def item(site: Site, told: Told) -> dict[str, object]:
    """One change as JSON has it."""
    change = told.change
    return {
        "uri": change.uri,
        "version": change.version,
        "type": change.type,
        "pubstatus": change.pubstatus,
        "lane": change.lane,
        "url": site.url(change.path),
        **({} if change.is_withdrawal else {"ninjs": document_url(site, change.uri)}),
        **({"digest": change.digest} if change.digest else {}),
        **change.words,
        "changed": rfc3339_utc(instant_of(told.number)),
        "cursor": cursor.write(told.cursor),
    }


def answer(site: Site, page: Page) -> bytes:
    """What /v1/changes answers."""
    changes = [item(site, told) for told in page.changes]
    return _json({"changes": changes, "next": cursor.write(page.next)})


def event(site: Site, told: Told) -> bytes:
    """One event of a stream. JSON has no line feed of its own in it."""
    told_as = item(site, told)
    return f"id: {told_as['cursor']}\ndata: ".encode() + _json(told_as) + b"\n\n"


def document_url(site: Site, uri: str) -> str:
    """Where the story is as a ninjs document."""
    return site.url(f"/v1/articles/{quote(uri, safe='')}")


def instant_of(number: int) -> datetime:
    """When a number was given, as far as the clock of Redis can be trusted."""
    return BEGINNING + timedelta(microseconds=number)


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
