"""Walks the website as a crawler does: every link from the front page on, and what it was told of.

Lists and feeds are asked for in every packed form, because each is a file of its own.
"""

import gzip
import json
import re
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from html import unescape
from http import HTTPStatus
from http.client import HTTPConnection
from urllib.parse import quote, unquote, urlsplit

import brotli
import feedparser

from tests.chaos.evidence import Listing, Mark, Page, marks_in

LINK = re.compile(r'href="([^"#]+)')
TAG = re.compile(r"<[^>]*>")
TITLE = re.compile(r"<h1.*?</h1>", re.DOTALL)
FEEDS = ("feed.xml", "atom.xml", "feed.json")
CODINGS = ("identity", "gzip", "br")
TIMEOUT_SECONDS = 30.0


@dataclass(frozen=True)
class Answer:
    """What came back for a path."""

    status: int
    text: str


class Browser:
    """A reader with one connection to the site."""

    def __init__(self, connection: HTTPConnection) -> None:
        self._connection = connection

    def get(self, path: str, coding: str) -> Answer:
        """Ask for a path, unquoted, in one coding."""
        self._connection.request("GET", quote(path), headers={"Accept-Encoding": coding})
        answer = self._connection.getresponse()
        body = answer.read()
        packed = answer.getheader("content-encoding", "")
        if packed == "br":
            body = brotli.decompress(body)
        elif packed == "gzip":
            body = gzip.decompress(body)
        return Answer(answer.status, body.decode())


def walk(address: str, told: Iterable[str]) -> tuple[list[Page], list[Listing]]:
    """All pages and lists. `told` are addresses that were heard of elsewhere."""
    with closing(HTTPConnection(urlsplit(address).netloc, timeout=TIMEOUT_SECONDS)) as connection:
        return _walk(Browser(connection), address, told)


def _walk(browser: Browser, address: str, told: Iterable[str]) -> tuple[list[Page], list[Listing]]:
    pages: list[Page] = []
    listings: list[Listing] = []
    seen = {"/", *map(_path, told)}
    todo = sorted(seen)
    while todo:
        path = todo.pop()
        if path.startswith("/news/"):
            answer = browser.get(path, "br")
            pages.append(_page(path, answer))
        else:
            answer = browser.get(path, CODINGS[0])
            listings.append(_listing(path, path, answer))
            listings += _other_forms(browser, path, answer)
        fresh = set(_links(address, answer.text)) - seen
        seen |= fresh
        todo += sorted(fresh)
    return pages, listings


def _other_forms(browser: Browser, path: str, plain: Answer) -> Iterator[Listing]:
    """The packed forms that do not say the same as the plain one: those of an older version."""
    for coding in CODINGS[1:]:
        if (packed := browser.get(path, coding)) != plain:
            yield _listing(f"{path} ({coding})", path, packed)


def _path(url: str) -> str:
    return unquote(urlsplit(url).path)


def _links(address: str, html: str) -> Iterator[str]:
    for link in map(unescape, LINK.findall(html)):
        if link.startswith((address, "/")) and not link.startswith("//"):
            path = _path(link)
            if path.startswith("/news/") or path.endswith(("/", *FEEDS)):
                yield path


def _page(path: str, answer: Answer) -> Page:
    if answer.status != HTTPStatus.OK:
        return Page(path, answer.status, cards=frozenset(_named(answer.text)))
    title = TITLE.search(answer.text)
    own = next(iter(_named(title[0])), None) if title else None
    return Page(path, answer.status, own, frozenset(_named(answer.text)) - {own})


def _named(html: str) -> tuple[Mark, ...]:
    """A headline may be cut by tags into phrases, or stand whole in an attribute."""
    return marks_in((TAG.sub("", html), html))


def _listing(url: str, path: str, answer: Answer) -> Listing:
    assert answer.status == HTTPStatus.OK, f"{url}: {answer.status}"
    if not path.endswith(FEEDS):
        return Listing(url, "list", _named(answer.text))
    if path.endswith(".json"):
        entries = [(item["id"], item["title"]) for item in json.loads(answer.text)["items"]]
    else:
        read = feedparser.parse(answer.text.encode()).entries
        entries = [(entry.id, entry.title) for entry in read]
    return Listing(url, "feed", tuple(replace(_mark(title), uri=uri) for uri, title in entries))


def _mark(title: str) -> Mark:
    [mark] = marks_in([title])
    return mark
