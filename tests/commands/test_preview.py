"""`wiredesk preview`: what would stand there is what the channel renders and the sandbox judges."""

import json
from collections.abc import Mapping
from io import StringIO
from pathlib import Path
from typing import Any

from rich.console import Console

from services.commands.preview_look import printed
from services.preview.look import Card, Look
from services.preview.remarks import bars, losses
from services.publish.delivery.destinations import Destination
from services.sandbox.app import PLUGS as PLATFORMS
from shared.article import Article
from tests.installation import command, installation, until

HEADLINE = "瀾港夜市下月起延長營業"
STORY: Mapping[str, Any] = {
    "uri": "urn:example:night-market",
    "headline": HEADLINE,
    "section": "生活",
    "description": "夜市每週五、六延長營業到凌晨兩點，並加開接駁公車。",
    "tags": ["瀾港夜市", "1450"],
    "body_text": "瀾港市府今天宣布，夜市延長營業。",
}


def written(folder: Path, **fields: object) -> str:
    file = folder / "story.json"
    file.write_text(json.dumps({**STORY, **fields}), "utf-8")
    return str(file)


def previewed(folder: Path, *words: str, code: int = 0, **fields: object) -> Any:  # noqa: ANN401  # JSON
    """The preview of a file where nothing runs."""
    file = written(folder, **fields)
    asked = ("preview", file, "--state", str(folder / "nothing"), "--json", *words)
    result = command(*asked)
    assert result.returncode == code, result.stderr
    return json.loads(result.stdout)


def test_every_platform_shows_the_post_with_its_count_and_its_card(tmp_path: Path) -> None:
    told = previewed(tmp_path)
    shown = {one["destination"]: one for one in told["destinations"]}
    assert shown.keys() == PLATFORMS.keys()
    assert all(HEADLINE in one["text"] and one["length"] for one in shown.values())
    assert not any(one["is_refused"] for one in shown.values())
    mastodon, bluesky = shown["mastodon"], shown["bluesky"]
    assert mastodon["text"].endswith(told["article"]["url"])
    assert (mastodon["card"]["is_own"], bluesky["card"]["is_own"]) == (False, True)
    assert bluesky["card"]["title"] == HEADLINE
    assert json.loads(bluesky["body"])["text"] == bluesky["text"]
    assert shown["wordpress"]["card"] is None
    assert "the story has no picture" in told["article"]["remarks"]


def test_what_is_lost_is_said(tmp_path: Path) -> None:
    long = {"headline": "新" * 296 + "聞", "description": "摘" * 400}
    told = previewed(tmp_path, "--channel", "bluesky", "--channel", "discord", **long)
    bluesky, discord = told["destinations"]
    assert bluesky["warnings"] == ["the headline is cut"]
    assert discord["warnings"] == []
    told = previewed(tmp_path, "--channel", "mastodon", **long)
    assert "the summary is cut" in told["destinations"][0]["warnings"]


def test_a_channel_that_is_not_there_and_a_story_that_cannot_be_read_are_told(
    tmp_path: Path,
) -> None:
    file = written(tmp_path)
    unknown = command("preview", file, "--channel", "icq")
    assert (unknown.returncode, "no channel icq" in unknown.stderr) == (2, True)
    kill = written(tmp_path, pubstatus="canceled")
    asked = [kill, "--state", str(tmp_path / "nothing")]
    result = command("preview", *asked)
    assert (result.returncode, "has no posts" in result.stderr) == (1, True)
    nowhere = command("preview", "urn:nobody", "--state", str(tmp_path / "nothing"))
    assert (nowhere.returncode, "nothing runs" in nowhere.stderr) == (1, True)


def test_a_destination_is_shown_with_its_own_settings_and_why_it_would_not_be_sent() -> None:
    article = Article.model_validate({**STORY, "tags": ("瀾港夜市",)})
    fields = {"name": "a", "channel": "mastodon", "settings": {}, "created": "2026-11-25T00:00Z"}
    sports = Destination.model_validate(
        fields | {"filter": "section:運動", "state": "paused", "reason": "moving"}
    )
    when = sports.created
    assert list(bars(sports, article, when, first=True)) == [
        "paused: moving",
        "its filter does not let it pass: section:運動",
    ]
    assert list(bars(sports, article, when, first=False)) == ["paused: moving"]
    assert list(losses(article, HEADLINE, "", "{}", 3)) == [
        "the summary is left out",
        "left out: #瀾港夜市",
    ]


def test_at_the_terminal_a_post_has_a_frame_a_bar_and_its_warnings() -> None:
    card = Card(HEADLINE, "摘要", "https://daily.example/1", "https://daily.example/1.webp", True)
    look = Look(
        destination="partner",
        channel="mastodon",
        title="Mastodon",
        text=f"{HEADLINE} [b]\n#夜市",
        length="250 / 500",
        limit="",
        hidden_behind="社會",
        pictures=("夜景",),
        body="",
        is_refused=False,
        bars=("paused: moving",),
        warnings=("the summary is cut",),
        card=card,
    )
    console = Console(width=100, force_terminal=False, file=StringIO())
    article = Article.model_validate({**STORY, "tags": ()})
    console.print(printed(article, "https://daily.example/1", ["the story has no tags"], [look]))
    shown = console.file.getvalue()  # type: ignore[attr-defined]
    for part in (f"{HEADLINE} [b]", "Mastodon  partner", "▸ 社會", "▣ 夜景", "1.webp", "250 / 500"):
        assert part in shown
    for line in (
        "■ not sent now: paused: moving",
        "▲ the summary is cut",
        "▲ the story has no tags",
    ):
        assert line in shown
    assert ("━" * 12 + "─" * 12) in shown


def test_a_live_story_is_shown_as_each_destination_would_get_it(tmp_path: Path) -> None:
    with installation(tmp_path / "state", WIREDESK_HTTP__ALLOW_NETWORKS="127.0.0.0/8") as here:
        here.run("send", written(tmp_path))
        until(lambda: here.page_of(STORY["uri"]))
        nobody = ("--set", "server=http://127.0.0.1:1", "--set", "token=t", "--set", "tags=1")
        asked = ("--channel", "mastodon", *nobody, "--filter", "section:運動")
        assert here.run("destinations", "add", "sports", *asked).returncode == 0
        told = here.told("preview", STORY["uri"])
        [look] = told["destinations"]
        assert told["article"]["url"] == here.page_of(STORY["uri"])
        assert (look["destination"], look["text"].count("#")) == ("sports", 1)
        assert look["bars"] == ["its filter does not let it pass: section:運動"]
        assert "the server's own limits are not known" in look["warnings"][0]
        older = here.told("preview", written(tmp_path, headline="另一則"))
        assert older["article"]["headline"] == "另一則"
        assert "stands there already" in older["article"]["remarks"][0]
