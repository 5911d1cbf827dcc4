"""WordPress itself, where its packages are installed: what the sandbox claims of it is true."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis

from services.publish.delivery.channel import Announcement
from services.publish.delivery.trial import tried
from shared.article import Image
from tests.peers.wordpress import IS_INSTALLED, USER, Site, real_wordpress
from tests.publish.channels.account import SITE, Account, open_account, story
from tests.publish.receiver import Receiver, answer

pytestmark = [
    pytest.mark.skipif(not IS_INSTALLED, reason="no wordpress, php and mariadb-server here"),
    pytest.mark.timeout(300),
]
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c4944415408d763f8cf"
    "c000000301010018dd8db00000000049454e44ae426082"
)


async def asked(site: Site, path: str, **query: str) -> Any:  # noqa: ANN401  # JSON
    auth = httpx.BasicAuth(USER, site.settings["password"])
    url = f"{site.address}/wp-json/wp/v2{path}"
    async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
        return (await client.get(url, params={"context": "edit", **query}, auth=auth)).json()


async def test_a_story_is_posted_corrected_and_trashed_on_a_real_site(
    redis: Redis, tmp_path: Path
) -> None:
    async with (
        real_wordpress(tmp_path) as site,
        Receiver() as receiver,
        open_account(redis, "wordpress", **site.settings) as account,
    ):
        receiver.plan(answer(200, PNG))
        picture = Image(url=f"http://127.0.0.1:{receiver.port}/p.png", alt="便橋全景", role="lead")
        whole = {
            "section": "地方 & 交通",
            "body_html": "<p>通車[gallery]了</p>",
            "images": (picture,),
        }
        await _is_allowed(account)
        row = await account.publish(story(1, **whole))
        assert (row.state, row.error) == ("delivered", "")
        post = await asked(site, f"/posts/{row.remote_id}")
        await _is_whole(site, post)
        again = await account.channel().find(SITE + "a", "", 0)
        assert (again.verdict, again.remote_id) == ("there", row.remote_id)

        row = await account.publish(story(2, **whole))
        edited = await asked(site, f"/posts/{row.remote_id}")
        assert (row.state, edited["id"]) == ("delivered", post["id"])
        assert edited["title"]["raw"].startswith("【更正】跨河便橋通車")
        assert (edited["slug"], edited["featured_media"]) == ("news-a", post["featured_media"])

        row = await account.kill(story(2))
        assert (row.state, row.proof) == ("delivered", "gone")
        assert (await asked(site, f"/posts/{post['id']}"))["status"] == "trash"
        back = await account.publish(story(3, **whole))
        assert (back.state, back.remote_id != row.remote_id) == ("delivered", True)
        assert (await asked(site, f"/posts/{back.remote_id}"))["slug"] == "news-a"
        await _finds_what_was_lost(account)
        await _is_stopped_by_a_wrong_password(site, account)


async def _finds_what_was_lost(account: Account) -> None:
    """Two posts of one slug: WordPress puts a number behind the second, and both are found."""
    url = SITE + "lost"
    post = account.channel().render(Announcement(story(1), "put", url, first=True))
    answers = [json.loads((await account.channel().deliver(post, "", "")).content) for _ in "12"]
    assert [one["slug"] for one in answers] == ["news-lost", "news-lost-2"]
    seen = await account.channel().find(url, "", 0)
    assert (seen.verdict, set(seen.remote_id.split())) == ("there", {str(a["id"]) for a in answers})


async def _is_stopped_by_a_wrong_password(site: Site, account: Account) -> None:
    wrong = {**site.settings, "password": "xxxx xxxx"}
    account.destination = account.destination.model_copy(update={"settings": wrong})
    trial = await tried(account.channel())
    assert trial
    assert (trial.verdict, "rest_not_logged_in" in trial.error) == ("stopped", True)
    await account.resume()
    row = await account.publish(story(4))
    assert row.state == "waiting"
    assert "rest_cannot_edit" in await account.stopped()


async def _is_allowed(account: Account) -> None:
    trial = await tried(account.channel())
    assert trial
    assert (trial.verdict, trial.error) == ("done", "")


async def _is_whole(site: Site, post: Any) -> None:  # noqa: ANN401  # JSON
    assert (post["status"], post["slug"]) == ("publish", "news-a")
    assert "gallery]" in post["content"]["raw"]
    assert "通車[gallery]了" in post["content"]["rendered"].replace("&#91;", "[").replace(
        "&#091;", "["
    )
    tags = [
        (await asked(site, f"/tags/{number}", context="view"))["name"] for number in post["tags"]
    ]
    assert sorted(tags) == ["C-130運輸機", "便橋"]
    media = await asked(site, f"/media/{post['featured_media']}")
    assert media["alt_text"] == "便橋全景"
