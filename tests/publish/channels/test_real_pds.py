"""A PDS itself, where it is installed: what the sandbox claims of Bluesky is true."""

import asyncio
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image as Picture
from redis.asyncio import Redis

from services.publish.channels.bluesky import POST
from services.publish.delivery.channel import Announcement
from services.publish.delivery.trial import tried
from shared.article import Image, Tag
from tests.peers.real_pds import Server, is_installed, real_pds
from tests.publish.channels.account import SITE, Account, open_account, story
from tests.publish.receiver import Receiver, answer

pytestmark = [
    pytest.mark.skipif(not is_installed(), reason="no @atproto/pds here: tests/peers/real_pds.py"),
    pytest.mark.timeout(180),
]
TRIES = 8
FAMILY = "👨\u200d👩\u200d👧\u200d👦"


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with real_pds(tmp_path) as running:
        yield running


@pytest.fixture
async def account(server: Server, redis: Redis) -> AsyncIterator[Account]:
    async with open_account(redis, "bluesky", **server.settings) as opened:
        yield opened


async def post_of(server: Server, name: str) -> Any:  # noqa: ANN401  # JSON
    """The record of that name, as everybody can read it."""
    where = {"repo": server.did, "collection": POST, "rkey": name}
    return await server.asked("com.atproto.repo.getRecord", **where)


async def posts(server: Server) -> list[str]:
    """The names of all records, oldest first."""
    where = {"repo": server.did, "collection": POST, "reverse": "true"}
    found = (await server.asked("com.atproto.repo.listRecords", **where))["records"]
    return [record["uri"].rpartition("/")[2] for record in found]


async def commits(server: Server) -> str:
    """The number of the last commit: another one after each change of the repository."""
    told = await server.asked("com.atproto.sync.getLatestCommit", did=server.did)
    return str(told["rev"])


def photo() -> bytes:
    drawn = BytesIO()
    Picture.effect_noise((640, 480), 60).convert("RGB").save(drawn, "JPEG")
    return drawn.getvalue()


async def test_a_story_is_posted_with_card_and_tags_corrected_and_taken_away(
    server: Server, account: Account
) -> None:
    trial = await tried(account.channel())
    assert trial
    assert (trial.verdict, trial.error) == ("done", "")
    async with Receiver() as receiver:
        receiver.plan(answer(200, photo()))
        picture = Image(url=f"http://127.0.0.1:{receiver.port}/p.jpg", role="lead")
        row = await account.publish(story(1, images=(picture,)))
        assert (row.state, row.error) == ("delivered", "")
        first = await post_of(server, row.remote_id)
        is_whole(first["value"])
        await shows_its_picture(server, first["value"])

        row = await account.publish(story(2, images=(picture,)))
        edited = await post_of(server, row.remote_id)
        assert (row.state, edited["uri"]) == ("delivered", first["uri"])
        assert edited["cid"] != first["cid"]
        assert edited["value"]["text"].startswith("【更正】跨河便橋通車")
        assert edited["value"]["createdAt"] == first["value"]["createdAt"]

        gone = await account.kill(story(2))
        assert (gone.state, gone.proof) == ("delivered", "gone")
        assert (await post_of(server, row.remote_id))["error"] == "RecordNotFound"

        again = await account.publish(story(3, images=(picture,)))
        assert (again.state, again.remote_id != row.remote_id) == ("delivered", True)
        assert await posts(server) == [again.remote_id]


def is_whole(record: Any) -> None:  # noqa: ANN401  # JSON
    card = record["embed"]["external"]
    assert card["uri"].startswith(SITE)
    assert card["title"].startswith("跨河便橋通車")
    signs = record["text"].encode()
    spans = [(mark["index"]["byteStart"], mark["index"]["byteEnd"]) for mark in record["facets"]]
    marked = [signs[start:end].decode() for start, end in spans]
    assert marked == ["#便橋", "#C130運輸機"]


async def shows_its_picture(server: Server, record: Any) -> None:  # noqa: ANN401  # JSON
    thumb = record["embed"]["external"]["thumb"]
    blobs = await server.asked("com.atproto.sync.listBlobs", did=server.did)
    assert (thumb["mimeType"], blobs["cids"]) == ("image/jpeg", [thumb["ref"]["$link"]])


async def test_eight_tries_at_once_and_eight_later_make_one_commit(
    server: Server, account: Account
) -> None:
    article = story(1, "tag:example.tw,2026:eight")
    channel = account.channel()
    post = channel.render(Announcement(article, "put", f"{SITE}eight", first=True))
    name = channel.name(article.uri, account.now)  # type: ignore[attr-defined]
    before = await posts(server)

    answers = await asyncio.gather(*(channel.deliver(post, "", name) for _ in range(TRIES)))
    after = await commits(server)
    assert {one.status_code for one in answers} == {200}
    assert len({one.json()["cid"] for one in answers}) == 1
    assert {one.json()["commit"]["rev"] for one in answers if "commit" in one.json()} == {after}
    assert sorted(await posts(server)) == sorted([*before, name])

    for _ in range(TRIES):
        assert (await account.channel().deliver(post, "", name)).status_code == 200
    assert await commits(server) == after


async def test_what_we_make_of_long_headlines_is_taken(server: Server, account: Account) -> None:
    for number in (299, 300, 301, 400):
        uri, tags = f"tag:example.tw,2026:long-{number}", (Tag(name=FAMILY), Tag(name="便" * 70))
        row = await account.publish(story(1, uri, headline="橋" * number, tags=tags))
        assert (row.state, row.error) == ("delivered", "")
        assert (await post_of(server, row.remote_id))["value"]["text"].startswith("橋" * 200)
    assert len(await posts(server)) == 4
