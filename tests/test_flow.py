"""One article's whole life through real processes, seen from outside."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import feedparser
import httpx
import pytest
from redis import Redis

from shared.embedded import remembered_url

URI = "urn:flow:1"
STORY: dict[str, Any] = {
    "uri": URI,
    "headline": "山城纜車復駛　首日湧入三千人",
    "section": "生活",
    "byline": "記者林育安／台中報導",
    "body_html": "<p>停駛兩年的山城纜車今日復駛，台中市長李宗翰到場試乘。</p><h2>票價不變</h2>"
    "<p>「安全是唯一的標準。」山城纜車公司總經理陳怡君說。</p>",
    "tags": ["山城纜車"],
}


@dataclass
class Desk:
    """A running installation and the clients that use it."""

    newsroom: httpx.Client
    site: httpx.Client
    services: dict[str, str]
    state: Path

    def send(self, **changes: object) -> dict[str, Any]:
        answer = self.newsroom.post("/v1/articles", json=STORY | changes)
        assert answer.status_code == 202, answer.text
        return dict(answer.json())

    def feed(self) -> Any:  # noqa: ANN401  # feedparser has no types
        return feedparser.parse(self.site.get("/atom.xml").content)


def until(claim: Callable[[], bool], seconds: float = 10.0) -> float:
    """Wait until it is so; how long that took. Fails when it takes longer than `seconds`."""
    start = time.monotonic()
    while not claim():
        assert time.monotonic() - start < seconds, "it did not become so in time"
        time.sleep(0.02)
    return time.monotonic() - start


def is_ready(address: str) -> bool:
    try:
        return httpx.get(f"{address}/readyz", trust_env=False).is_success
    except httpx.TransportError:
        return False


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    command = [sys.executable, "-m", "services", "up", "--state", str(tmp_path)]
    ports = [f"--port-{name}=0" for name in ("site", "ingest", "enrich", "console")]
    with (tmp_path / "up.log").open("wb") as log:
        up = subprocess.Popen([*command, *ports], stderr=log, stdin=subprocess.DEVNULL)
    try:
        until((tmp_path / "endpoints.json").exists, 20)
        services = json.loads((tmp_path / "endpoints.json").read_text())
        until(lambda: all(map(is_ready, services.values())), 30)
        key = {"Authorization": "Bearer " + (tmp_path / "local.key").read_text()}
        with (
            httpx.Client(base_url=services["ingest"], headers=key, trust_env=False) as newsroom,
            httpx.Client(base_url=services["site"], trust_env=False) as site,
        ):
            yield Desk(newsroom, site, services, tmp_path)
    finally:
        up.terminate()
        try:
            assert up.wait(30) == 0
        finally:
            with suppress(ProcessLookupError):
                os.kill(up.pid, 9)


def titles(desk: Desk) -> list[str]:
    return [entry.title for entry in desk.feed().entries]


def _is_nowhere(desk: Desk, path: str) -> bool:
    return "兩千人" not in desk.site.get(path).text


@pytest.mark.timeout(120)
def test_an_article_is_published_corrected_and_killed_everywhere(desk: Desk) -> None:
    assert desk.send()["outcome"] == "accepted"
    until(lambda: titles(desk) == ["山城纜車復駛　首日湧入三千人"])
    [entry] = desk.feed().entries
    path = httpx.URL(entry.link).path
    page = desk.site.get(path)
    assert page.status_code == 200
    for words in ("山城纜車復駛", "票價不變", "記者", "林育安", "李宗翰", "台中"):
        assert words in page.text
    assert entry.id == URI
    assert httpx.URL(entry.link).path in desk.site.get("/").text

    correction = {"kind": "correction", "text": "首日人數應為兩千人。"}
    desk.send(version=2, headline="山城纜車復駛　首日湧入兩千人", correction=correction)
    until(lambda: titles(desk) == ["【更正】山城纜車復駛　首日湧入兩千人"])
    page = desk.site.get(path)
    assert "首日人數應為兩千人。" in page.text
    assert "三千人" not in page.text
    assert desk.feed().entries[0].id == URI
    assert desk.feed().entries[0].published == entry.published

    assert desk.send(version=1)["outcome"] == "stale"

    answer = desk.newsroom.delete(f"/v1/articles/{URI}", params={"reason": "消息來源撤回"})
    assert answer.json()["outcome"] == "accepted"
    took = until(lambda: desk.site.get(path).status_code == 410)
    took += until(lambda: titles(desk) == [])
    for feed in ("/feed.xml", "/feed.json", "/", "/section/生活/", "/tag/山城纜車/"):
        took += until(partial(_is_nowhere, desk, feed), 2)
    assert took < 2
    atom = ET.fromstring(desk.site.get("/atom.xml").content)  # noqa: S314  # our own feed
    stones = atom.findall("{http://purl.org/atompub/tombstones/1.0}deleted-entry")
    assert [stone.get("ref") for stone in stones] == [URI]
    assert "消息來源撤回" not in desk.site.get(path).text

    assert desk.send(version=3)["outcome"] == "killed"
    desk.send(version=4, reinstate=True)
    until(lambda: desk.site.get(path).status_code == 200)


@pytest.mark.timeout(120)
def test_after_flushall_the_services_say_so_and_are_back_within_ten_seconds(desk: Desk) -> None:
    desk.send()
    until(lambda: len(titles(desk)) == 1)
    url = remembered_url(desk.state / "redis")
    assert url is not None
    with Redis.from_url(url) as redis:
        redis.flushall()
        assert not all(map(is_ready, desk.services.values()))
    until(lambda: all(map(is_ready, desk.services.values())), 10)
    desk.send(uri="urn:flow:2", headline="纜車加開夜間班次")
    until(lambda: titles(desk) == ["纜車加開夜間班次"])
