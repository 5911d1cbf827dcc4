"""A downstream site that copies the news by its changes, was down for an hour, and comes back.

All through the front doors of a real installation: the newsroom's API, and the website, which two
publishers serve and build at the same time.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import Any

import httpx
import pytest

from shared.embedded import remembered_url
from shared.service import listen
from tests.installation import Installation, installation, until
from tests.processes import Process

Item = dict[str, Any]
MAX_SIZE = 5
ANSWERS = {"usable": 200, "withheld": 404, "canceled": 410}
"""How the site answers for a story, by its status."""


@dataclass
class Newsroom:
    """What the newsroom does, and what should be seen of it in the end."""

    api: httpx.Client
    versions: dict[str, int] = field(default_factory=dict)
    seen: dict[str, tuple[str, int]] = field(default_factory=dict)

    def publish(self, name: str, **more: object) -> None:
        """A new story, or the next version of it."""
        version = self.versions.get(name, 0) + 1
        story = {"uri": uri_of(name), "version": version, "headline": f"{name} 第{version}版"}
        answer = self.api.post("/v1/articles", json=story | more)
        assert answer.json()["outcome"] == "accepted", answer.text
        self.versions[name] = version
        self.seen[uri_of(name)] = (str(more.get("pubstatus", "usable")), version)

    def withhold(self, name: str) -> None:
        self.publish(name, pubstatus="withheld")

    def kill(self, name: str) -> None:
        self.api.delete(f"/v1/articles/{uri_of(name)}", params={"reason": "來源撤稿"})
        self.seen[uri_of(name)] = ("canceled", self.versions[name])

    def reinstate(self, name: str) -> None:
        self.publish(name, reinstate=True)


@dataclass
class Downstream:
    """A site that copies. It keeps what it shows, and one cursor."""

    sites: list[httpx.Client]
    cursor: str = ""
    shows: dict[str, tuple[str, int]] = field(default_factory=dict)
    taken: list[Item] = field(default_factory=list)

    def catch_up(self) -> list[Item]:
        """Read on to the end, a few at a time, now at one publisher and now at the other."""
        self.taken = []
        for site in cycle(self.sites):
            query = {"limit": str(MAX_SIZE)} | ({"after": self.cursor} if self.cursor else {})
            answer = site.get("/v1/changes", params=query).json()
            for change in answer["changes"]:
                self.take(change)
            self.cursor = answer["next"]
            if not answer["changes"]:
                break
        return self.taken

    def take(self, change: Item) -> None:
        before = self.shows.get(change["uri"], ("", 0))
        assert change["version"] >= before[1], "a version went back"
        assert (change["type"] == "withdrawn") == (change["pubstatus"] != "usable")
        self.check_the_page(change)
        self.shows[change["uri"]] = (change["pubstatus"], change["version"])
        self.taken.append(change)

    def check_the_page(self, change: Item) -> None:
        """What is told stands on the site: the page, or the sign in its place."""
        status = ANSWERS[change["pubstatus"]]
        page = self.sites[0].get(httpx.URL(change["url"]).path)
        assert page.status_code == status
        if status == 200:
            assert change["headline"] in page.text


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Installation]:
    with installation(tmp_path / "state") as running:
        yield running


@contextmanager
def second_publisher(here: Installation, log: Path) -> Iterator[tuple[Process, str]]:
    """Another `wiredesk publish` on the same Redis and the same site folder."""
    with listen("127.0.0.1", 0) as sock:
        port = sock.getsockname()[1]
    url = remembered_url(here.state / "redis")
    assert url
    environ = {
        "WIREDESK_REDIS__URL": url,
        "WIREDESK_SITE__FOLDER": str(here.state / "site"),
        "WIREDESK_SITE__BASE_URL": here.addresses["site"],
        "WIREDESK_PUBLISH__PORT": str(port),
    }
    process = Process("publish", log, environ)
    process.start()
    try:
        address = f"http://127.0.0.1:{port}"
        until(lambda: answers(address), 40)
        yield process, address
    finally:
        process.stop()


def answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/readyz", timeout=5).is_success
    except httpx.TransportError:
        return False


def uri_of(name: str) -> str:
    return f"tag:daily.example,2026:{name}"


@pytest.mark.timeout(180)
def test_a_receiver_that_was_down_for_an_hour_catches_up_by_cursor_without_gap_or_stale_version(
    here: Installation, tmp_path: Path
) -> None:
    key = {"Authorization": f"Bearer {here.key}"}
    with (
        second_publisher(here, tmp_path / "second.log") as (other, address),
        httpx.Client(base_url=here.addresses["ingest"], headers=key, trust_env=False) as api,
        httpx.Client(base_url=here.addresses["site"], trust_env=False, timeout=40) as site,
        httpx.Client(base_url=address, trust_env=False, timeout=40) as second_site,
    ):
        newsroom, copy = Newsroom(api), Downstream([site, second_site])
        for number in range(24):
            newsroom.publish(f"s{number}")
        until(lambda: copy.catch_up() == [] and copy.shows == newsroom.seen, 60)

        # The receiver is down. The newsroom works on, and a publisher dies in the middle of it.
        changed = an_hour_of_news(newsroom, other)
        until(lambda: answers(address), 40)
        until(lambda: all_is_told(site, newsroom), 60)

        # It comes back with its cursor: what changed, each story once, and nothing else.
        taken = copy.catch_up()
        assert copy.shows == newsroom.seen
        assert sorted(one["uri"] for one in taken) == sorted(map(uri_of, changed))
        killed = {one["uri"] for one in taken if one["pubstatus"] == "canceled"}
        assert killed == {uri_of(name) for name in ("s3", "s5", "s7")}
        for uri, (status, version) in copy.shows.items():
            document = site.get(f"/v1/articles/{uri}")
            assert document.status_code == ANSWERS[status]
            if status != "withheld":
                assert document.json()["version"] == str(version)

        # Whoever comes new, or waits, ends on the same.
        newcomer = Downstream([second_site])
        newcomer.catch_up()
        assert newcomer.shows == newsroom.seen
        assert copy.catch_up() == []


def an_hour_of_news(newsroom: Newsroom, publisher: Process) -> list[str]:
    """Corrections, withholds, kills and what comes back. Returns what changed."""
    for name in ("s0", "s1", "s2"):
        newsroom.publish(name, correction={"kind": "correction", "text": "更正一"})
    newsroom.withhold("s3")
    newsroom.withhold("s4")
    newsroom.kill("s5")
    newsroom.publish("n1")
    publisher.kill()
    newsroom.publish("s0", correction={"kind": "correction", "text": "更正二"})
    newsroom.publish("s4")
    newsroom.kill("s6")
    newsroom.reinstate("s6")
    newsroom.publish("s7")
    newsroom.kill("s7")
    publisher.start()
    newsroom.publish("s0", correction={"kind": "correction", "text": "更正三"})
    newsroom.kill("s3")
    newsroom.publish("n2")
    return [f"s{number}" for number in range(8)] + ["n1", "n2"]


def all_is_told(site: httpx.Client, newsroom: Newsroom) -> bool:
    """Whether the whole feed is what the newsroom did: an independent look from the beginning."""
    changes = site.get("/v1/changes", params={"limit": "1000"}).json()["changes"]
    return {one["uri"]: (one["pubstatus"], one["version"]) for one in changes} == newsroom.seen
