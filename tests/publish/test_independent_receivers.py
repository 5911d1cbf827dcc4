"""What we send, judged by the libraries of others: Standard Webhooks for Python and for Node.

The one for Node needs `npm install` in `tests/peers`; without it those tests are skipped.
"""

import json
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis
from standardwebhooks import Webhook, WebhookVerificationError

from services.publish.delivery.destinations import Destination, Destinations
from services.publish.delivery.rotation import rotated
from services.publish.delivery.signature import new_secret
from tests.publish.receiver import Received, Receiver
from tests.publish.subscribed import Subscribed, until

PEERS = Path(__file__).parents[1] / "peers"
NODE = shutil.which("node")
IS_INSTALLED = (PEERS / "node_modules" / "standardwebhooks").is_dir()
OLD, NEW = new_secret(), new_secret()

Judge = Callable[[str, Received], Mapping[str, Any] | None]
"""The notice, if this secret signed the request; else None."""


def python(secret: str, request: Received) -> Mapping[str, Any] | None:
    try:
        notice: Mapping[str, Any] = Webhook(secret).verify(request.body, dict(request.headers))
    except WebhookVerificationError:
        return None
    return notice


def node(secret: str, request: Received) -> Mapping[str, Any] | None:
    assert NODE
    asked = {"secret": secret, "headers": request.headers, "body": request.body.decode()}
    said = subprocess.run(
        [NODE, "verify.mjs"],
        cwd=PEERS,
        input=json.dumps(asked, default=dict),
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    ).stdout
    told = json.loads(said)
    notice: Mapping[str, Any] | None = told.get("notice")
    return notice


NOT_HERE = pytest.mark.skipif(
    not (NODE and IS_INSTALLED), reason="needs node, and `npm install` in tests/peers"
)
JUDGES = [pytest.param(python, id="pypi"), pytest.param(node, id="npm", marks=NOT_HERE)]


@pytest.fixture
async def newspaper(redis: Redis, redis_url: str, tmp_path: Path) -> AsyncIterator[Subscribed]:
    async with Receiver() as receiver:
        paper = Subscribed(redis, redis_url, tmp_path, receiver)
        async with paper.publishing():
            await paper.add(settings={"url": receiver.url, "secrets": [OLD], "thin": False})
            yield paper


async def sent(newspaper: Subscribed, version: int, **fields: object) -> Received:
    """The request that a version of the story leads to."""
    before = len(newspaper.receiver.received)
    await newspaper.send(version=version, **fields)
    await until(lambda: len(newspaper.receiver.received) > before)
    return newspaper.receiver.received[-1]


async def change(newspaper: Subscribed, settings: Callable[[Mapping[str, Any]], object]) -> None:
    def changed(one: Destination) -> Destination:
        return one.model_copy(update={"settings": settings(one.settings)})

    before = len(newspaper.receiver.received)
    await Destinations(newspaper.redis).change("desk", changed)
    await newspaper.settle()
    assert len(newspaper.receiver.received) == before


@pytest.mark.parametrize("judge", JUDGES)
async def test_every_notice_of_a_story_is_what_others_accept(
    newspaper: Subscribed, judge: Judge
) -> None:
    body = "便橋今天通車。𠮷野家前 “quotes” \u2028 &amp; <b>"
    requests = [
        await sent(newspaper, 1, body_text=body),
        await sent(newspaper, 2, body_text=body),
        await sent(newspaper, 2, headline="", pubstatus="canceled"),
    ]
    notices = [judge(OLD, request) or {} for request in requests]
    names = ("published", "updated", "withdrawn")
    assert [notice["type"] for notice in notices] == [f"article.{name}" for name in names]
    assert notices[0]["data"]["body_text"] == body
    for request in requests:
        assert judge(NEW, request) is None
        forged = Received("POST", request.target, request.headers, request.body + b" ")
        assert judge(OLD, forged) is None


@pytest.mark.parametrize("judge", JUDGES)
async def test_during_a_rotation_either_secret_is_enough_and_afterwards_the_new_one_alone(
    newspaper: Subscribed, judge: Judge
) -> None:
    before = await sent(newspaper, 1)
    now = datetime.now(UTC)
    await change(newspaper, lambda old: rotated(old, NEW, now, timedelta(hours=24)))
    during = await sent(newspaper, 2)
    await change(newspaper, lambda old: {**old, "old_until": now.isoformat()})
    after = await sent(newspaper, 3)
    accepted = {
        (name, moment): judge(secret, request) is not None
        for name, secret in (("old", OLD), ("new", NEW))
        for moment, request in (("before", before), ("during", during), ("after", after))
    }
    assert accepted == {
        ("old", "before"): True,
        ("old", "during"): True,
        ("old", "after"): False,
        ("new", "before"): False,
        ("new", "during"): True,
        ("new", "after"): True,
    }
