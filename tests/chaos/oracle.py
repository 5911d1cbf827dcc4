"""RULE: did a run keep its promises? Judged from the evidence alone, without any code of wiredesk.

    what ingest answered 202 to                     is wanted in the end
    ----------------------------------------------  ----------------------------------------
    a kill, accepted (or a duplicate of one)        the story is nowhere
    puts, accepted (or duplicates)                  the highest of these versions, everywhere
    only what was refused (stale, killed)           nothing of it

A version in between may be left out, but none may come after a newer one. A receiver drops ids it
has seen, so what it sees is the first request of each id.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Literal, get_args

from tests.chaos.evidence import Evidence, Listing, Mark, Notice, Page, Stored

Kind = Literal[
    "lost",
    "visible duplicate",
    "older after newer",
    "wrong final version",
    "killed, visible on a page",
    "killed, visible in a list",
    "killed, visible in a feed",
    "killed, visible on a related card",
    "killed, visible at the webhook receiver",
    "half-written file left",
    "not signed",
    "not at rest",
]
KINDS: tuple[Kind, ...] = get_args(Kind)
IN_LISTING: Mapping[str, Kind] = {
    "list": "killed, visible in a list",
    "feed": "killed, visible in a feed",
}
TAKEN = {"accepted", "duplicate"}


@dataclass(frozen=True)
class Final:
    """How a story must stand in the end."""

    version: int
    is_killed: bool


@dataclass(frozen=True)
class Finding:
    """One broken promise."""

    kind: Kind
    where: str
    uri: str = ""
    detail: str = ""


def judge(evidence: Evidence) -> list[Finding]:
    """Everything that is wrong, nothing if all promises were kept."""
    finals = finals_of(evidence)
    return [
        *_troubles(evidence),
        *_at_receiver(finals, evidence.notices),
        *_on_pages(finals, evidence),
        *(finding for one in evidence.listings for finding in _in_listing(finals, one)),
        *_missing_in_listings(evidence),
        *(
            finding
            for uri, row in evidence.stored.items()
            for finding in _in_redis(finals, uri, row)
        ),
    ]


def finals_of(evidence: Evidence) -> dict[str, Final]:
    """How every story must stand that ingest has taken anything of."""
    finals: dict[str, Final] = {}
    for answer in evidence.answers:
        if answer.outcome in TAKEN:
            before = finals.get(answer.uri, Final(0, is_killed=False))
            version = max(before.version, answer.version)
            finals[answer.uri] = Final(version, before.is_killed or answer.op == "kill")
    return finals


def _troubles(evidence: Evidence) -> Iterator[Finding]:
    for _ in range(evidence.unanswered):
        yield Finding("not at rest", "ingest", detail="an event was never answered 202")
    for cause in evidence.parked:
        yield Finding("lost", "dead letters", detail=cause)
    for file in evidence.half_written:
        yield Finding("half-written file left", file)
    if not evidence.is_settled:
        yield Finding("not at rest", "Redis", detail="work was left at the end")


def _at_receiver(finals: Mapping[str, Final], notices: Iterable[Notice]) -> Iterator[Finding]:
    where, last, ids = "webhook receiver", dict[str, Notice](), set[str]()
    told = set[tuple[str, int, str]]()
    for notice in notices:
        if not notice.is_signed:
            yield Finding("not signed", where, notice.uri, notice.id)
        if notice.id in ids:
            continue
        ids.add(notice.id)
        what = (notice.uri, notice.version, notice.op)
        if what in told:
            yield Finding("visible duplicate", where, notice.uri, f"version {notice.version} twice")
        elif notice.uri in last and _order(notice) < _order(last[notice.uri]):
            before = last[notice.uri]
            detail = f"{notice.op} {notice.version} after {before.op} {before.version}"
            yield Finding("older after newer", where, notice.uri, detail)
        told.add(what)
        last[notice.uri] = notice
    for uri, final in finals.items():
        yield from _end_at_receiver(uri, final, last.get(uri))


def _order(notice: Notice) -> tuple[int, bool]:
    return notice.version, notice.op == "kill"


def _end_at_receiver(uri: str, final: Final, last: Notice | None) -> Iterator[Finding]:
    where = "webhook receiver"
    if final.is_killed:
        if last is not None and last.op != "kill":
            yield Finding("killed, visible at the webhook receiver", where, uri)
    elif last is None:
        yield Finding("lost", where, uri, f"version {final.version}")
    elif (last.version, last.op) != (final.version, "put"):
        detail = f"{last.op} {last.version}, not put {final.version}"
        yield Finding("wrong final version", where, uri, detail)


def _on_pages(finals: Mapping[str, Final], evidence: Evidence) -> Iterator[Finding]:
    live = [page for page in evidence.pages if page.status == HTTPStatus.OK and page.own]
    by_uri: dict[str, list[Page]] = {}
    for page in live:
        by_uri.setdefault(page.own.uri if page.own else "", []).append(page)
    for uri, final in finals.items():
        if not final.is_killed and uri not in by_uri:
            yield Finding("lost", "site", uri, f"version {final.version} has no page")
    for uri, pages in by_uri.items():
        for page in pages[1:]:
            yield Finding("visible duplicate", page.url, uri, f"also at {pages[0].url}")
        for page in pages:
            yield from _named_at(finals, page.url, page.own, "killed, visible on a page")
    for page in evidence.pages:
        for card in page.cards:
            yield from _named_at(finals, page.url, card, "killed, visible on a related card")
    yield from _of_killed(finals, evidence)


def _of_killed(finals: Mapping[str, Final], evidence: Evidence) -> Iterator[Finding]:
    """Every page that a receiver was ever told of must answer 410 once its story is killed."""
    urls = {(notice.uri, notice.url) for notice in evidence.notices if notice.url}
    statuses = {page.url: page.status for page in evidence.pages}
    for uri, url in sorted(urls):
        path = "/" + url.partition("://")[2].partition("/")[2]
        status = statuses.get(path, 0)
        if uri in finals and finals[uri].is_killed and status != HTTPStatus.GONE:
            yield Finding("killed, visible on a page", path, uri, f"answers {status}, not 410")


def _named_at(
    finals: Mapping[str, Final], where: str, mark: Mark | None, killed: Kind
) -> Iterator[Finding]:
    """What is wrong with a headline that stands somewhere."""
    if mark is None:
        return
    final = finals.get(mark.uri, Final(0, is_killed=False))
    if final.is_killed:
        yield Finding(killed, where, mark.uri)
    elif mark.version != final.version:
        detail = f"version {mark.version}, not {final.version}"
        yield Finding("wrong final version", where, mark.uri, detail)


def _in_listing(finals: Mapping[str, Final], listing: Listing) -> Iterator[Finding]:
    for uri, count in Counter(mark.uri for mark in listing.named).items():
        if count > 1:
            yield Finding("visible duplicate", listing.url, uri, f"{count} times")
    for mark in listing.named:
        yield from _named_at(finals, listing.url, mark, IN_LISTING[listing.kind])


def _missing_in_listings(evidence: Evidence) -> Iterator[Finding]:
    named = {one.url: {mark.uri for mark in one.named} for one in evidence.listings}
    for url, uris in evidence.wanted_listings.items():
        for uri in uris:
            if uri not in named.get(url, set()):
                yield Finding("lost", url, uri, "not in the list")


def _in_redis(finals: Mapping[str, Final], uri: str, row: Stored) -> Iterator[Finding]:
    final = finals.get(uri)
    if final is None:
        return
    wanted = {"ledger": "killed", "desk": "gone"} if final.is_killed else {}
    for name, (version, state) in (("ledger", row.ledger), ("desk", row.desk)):
        if (version, state) != (final.version, wanted.get(name, "live")):
            detail = f"{state} {version}, not {wanted.get(name, 'live')} {final.version}"
            yield Finding("wrong final version", f"Redis, {name}", uri, detail)
    version, state = row.delivery
    ended = {"delivered", "cancelled"} if final.is_killed else {"delivered"}
    if version != final.version or state not in ended:
        detail = f"{state or 'no row'} {version}, not {final.version}"
        yield Finding("wrong final version", "Redis, delivery", uri, detail)
