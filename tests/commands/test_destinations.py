"""Destinations as operators keep them: real commands, a running installation, a real receiver."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import sleep
from typing import Any

import httpx
import pytest
from anyio.from_thread import start_blocking_portal

from tests.commands.partner import Partner
from tests.installation import Installation, installation, until
from tests.publish.receiver import Receiver, answer

pytestmark = [pytest.mark.xdist_group("command line"), pytest.mark.timeout(150)]
"""Each command is a process of its own, a second or more of a busy machine."""


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    state = tmp_path_factory.mktemp("destinations") / "state"
    with installation(state, WIREDESK_HTTP__ALLOW_NETWORKS="127.0.0.0/8") as running:
        yield running


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(Receiver()) as receiver,
    ):
        yield receiver


@pytest.fixture
def partner(
    here: Installation, receiver: Receiver, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Partner]:
    name = f"p{abs(hash(request.node.name))}"
    added = here.run(*add(name, receiver.url))
    assert added.returncode == 0, added.stderr
    yield Partner(name, added.stdout.strip(), receiver, here, tmp_path / "story.json")
    here.run("destinations", "remove", name)


def add(name: str, url: str, *more: str) -> tuple[str, ...]:
    return ("destinations", "add", name, "--channel", "webhook", "--set", f"url={url}", *more)


def test_a_story_reaches_a_new_destination_signed(partner: Partner) -> None:
    assert partner.secret.startswith("whsec_")
    partner.publish()
    [(request, notice)] = partner.told()
    assert notice["type"] == "article.published"
    assert notice["data"]["uri"] == partner.uri
    assert request.headers["webhook-id"].startswith("msg_")


def test_trace_shows_what_each_destination_has(partner: Partner) -> None:
    partner.publish()
    assert partner.deliveries == [
        {
            "destination": partner.name,
            "wanted": {"op": "put", "version": 1},
            "sent": {"op": "put", "version": 1},
            "state": "delivered",
            "tries": 1,
            "next_try": None,
            "error": "",
            "proof": "",
            "remote_id": "",
        }
    ]
    assert "put 1" in partner.here.run("trace", partner.uri).stdout


def test_a_withdrawal_waits_until_the_destination_has_said_yes(partner: Partner) -> None:
    partner.publish()
    done = partner.here.run("withdraw", partner.uri, "--reason", "消息來源撤回")
    assert done.returncode == 0, done.stdout
    assert "accepted" in done.stdout.rpartition("proof")[2]
    assert [notice["type"] for _, notice in partner.told()] == [
        "article.published",
        "article.withdrawn",
    ]


def test_the_report_of_a_withdrawal_tells_where_nothing_ever_was(partner: Partner) -> None:
    partner.run("pause", "--reason", "搬家")
    partner.send(headline="尚未送出的稿")
    until(lambda: partner.state == "waiting")
    told = partner.here.told("withdraw", partner.uri, "--reason", "撤稿")
    [removal] = [one for one in told["deliveries"] if one["destination"] == partner.name]
    assert (told["outcome"], removal["proof"], removal["is_done"]) == ("accepted", "gone", True)
    assert partner.receiver.received == []


def test_a_withdrawal_from_a_removed_destination_is_impossible_and_fails(
    partner: Partner,
) -> None:
    partner.publish()
    partner.run("remove")
    done = partner.here.run("withdraw", partner.uri, "--reason", "撤稿", "--wait", "3")
    assert done.returncode == 1
    assert "impossible" in done.stdout


def test_a_withdrawal_need_not_be_waited_for(partner: Partner) -> None:
    partner.publish()
    partner.receiver.plan(answer(503))
    done = partner.here.run("withdraw", partner.uri, "--reason", "撤稿", "--no-wait", "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["deliveries"] == []


def test_a_paused_destination_gets_nothing_until_it_is_resumed(partner: Partner) -> None:
    assert partner.run("pause", "--reason", "搬家")[0] == 0
    partner.send(headline="暫停時的稿")
    until(lambda: partner.row["waiting"] == 1)
    assert (partner.row["state"], partner.row["reason"]) == ("paused", "搬家")
    assert partner.receiver.received == []
    assert partner.run("resume")[0] == 0
    until(lambda: partner.state == "delivered")
    assert partner.row["state"] == "active"


def test_a_removed_destination_is_gone_and_what_waited_is_told(partner: Partner) -> None:
    partner.run("pause", "--reason", "搬家")
    partner.send(headline="永遠不會送出的稿")
    until(lambda: partner.row["waiting"] == 1)
    assert partner.run("remove") == (0, f"removed: {partner.name}; never sent: 1\n")
    assert partner.name not in partner.here.run("destinations", "list", "--json").stdout
    for word in ("remove", "resume", "test", "show", "log", "change", "rotate", "filter"):
        code, said = partner.run(word)
        assert (code, "there is no destination" in said) == (1, True), word


def test_a_test_is_a_signed_notice_about_nothing(partner: Partner) -> None:
    code, said = partner.run("test")
    assert code == 0
    assert said.startswith("done: answered 204 in ")
    [(_, notice)] = partner.told()
    assert (notice["type"], notice["data"]) == ("webhook.test", {})


def test_a_test_that_is_not_done_says_why_with_exit_code_1(partner: Partner) -> None:
    partner.receiver.plan(answer(401, "鑰匙不對".encode()))
    code, said = partner.run("test")
    assert code == 1
    assert "stopped: answered 401" in said
    assert "鑰匙不對" in said


def test_the_calls_are_logged_page_by_page(partner: Partner) -> None:
    partner.publish()
    [call] = partner.here.told("destinations", "log", partner.name)["calls"]
    assert (call["uri"], call["outcome"], call["try"]) == (partner.uri, "done", 1)
    assert call["id"] == partner.receiver.received[0].headers["webhook-id"]
    partner.send(headline="環狀線北環段動工", version=2)
    until(lambda: len(partner.receiver.received) == 2)
    until(lambda: partner.row["last"]["version"] == 2)
    newest = partner.here.told("destinations", "log", partner.name, "--limit", "1")
    older = partner.here.told("destinations", "log", partner.name, "--before", newest["next"])
    assert [one["version"] for page in (newest, older) for one in page["calls"]] == [2, 1]
    assert partner.run("log", "--before", "x")[0] == 2


def test_the_last_calls_are_shown_and_no_secret_anywhere(partner: Partner) -> None:
    partner.publish()
    code, said = partner.run("log")
    assert (code, "put 1" in said, "done" in said) == (0, True, True)
    listed = partner.here.run("destinations", "list").stdout
    listed += partner.here.run("destinations", "list", "--json").stdout
    listed += partner.run("show")[1] + partner.run("show", "--json")[1]
    assert partner.secret not in listed + said + partner.here.log
    assert "whsec_" not in listed


def test_one_destination_is_shown_with_all_it_may_and_may_not(partner: Partner) -> None:
    assert partner.run("change", "--max-per-hour", "3", "--set", "thin=false")[0] == 0
    shown = partner.here.told("destinations", "show", partner.name)
    assert shown["settings"] == {"url": partner.receiver.url, "old_until": None, "thin": False}
    assert (shown["condition"], shown["max_per_hour"]) == ("well", 3)
    assert partner.receiver.url in partner.run("show")[1]
    assert partner.run("change", "--on-unknown", "resend")[0] == 0
    assert partner.row["on_unknown"] == "resend"
    words = ("--unset", "max-per-hour", "--unset", "on-unknown")
    assert partner.run("change", *words)[0] == 0
    assert (partner.row["max_per_hour"], partner.row["on_unknown"]) == (None, "hold")
    assert partner.row["settings"]["thin"] is False


@pytest.mark.parametrize(
    ("words", "field"),
    [
        (("--max-per-hour", "0"), "max-per-hour"),
        (("--on-unknown", "guess"), "on_unknown"),
        (("--set", "url=ftp://hidden-words"), "url"),
        (("--filter", "weather:sun"), "weather"),
        (("--unset", "name"), "max_per_hour"),
    ],
)
def test_a_change_that_cannot_be_is_a_usage_error(
    partner: Partner, words: tuple[str, str], field: str
) -> None:
    code, said = partner.run("change", *words)
    assert (code, field in said, "hidden-words" in said) == (2, True, False)


def test_what_a_brake_keeps_back_stands_in_line_for_all_to_see(partner: Partner) -> None:
    assert partner.run("change", "--max-per-hour", "1")[0] == 0
    sleep(1)  # the postroom looks for changes twice a second
    partner.publish()
    waiting = f"{partner.uri}:second"
    partner.story.write_text(json.dumps({"uri": waiting, "headline": "第二則"}), "utf-8")
    partner.here.run("send", str(partner.story))
    until(lambda: partner.row["in_line"] == 1)
    assert "1 in line" in partner.here.run("destinations", "list").stdout
    [row] = partner.here.told("trace", waiting)["deliveries"]
    assert row["error"] == "waits in line: at most 1 first post an hour"
    partner.send(headline="環狀線北環段動工", version=2)
    until(lambda: [notice["data"]["version"] for _, notice in partner.told()] == [1, 2])
    assert partner.run("change", "--unset", "max-per-hour")[0] == 0
    until(lambda: partner.row["waiting"] == 0)
    assert [notice["data"]["uri"] for _, notice in partner.told()][-1] == waiting


def test_a_secret_is_changed_without_a_gap(partner: Partner) -> None:
    code, said = partner.run("rotate")
    old, new = partner.secret, said.strip()
    assert (code, new.startswith("whsec_")) == (0, True)
    partner.run("test")
    for partner.secret in (old, new):
        assert len(partner.told()) == 1
    code, said = partner.run("rotate")
    assert (code, "two secrets are good already" in said) == (1, True)
    rotated = partner.here.told("destinations", "rotate", partner.name, "--overlap-hours", "0")
    assert rotated["old_until"] is None
    partner.receiver.received.clear()
    partner.run("test")
    partner.secret = rotated["secret"]
    assert len(partner.told()) == 1


def test_a_filter_is_tried_on_what_is_live_before_it_is_set(partner: Partner) -> None:
    section = f"版{partner.name}"
    partner.send(headline="環狀線北環段動工", section=section)
    until(lambda: partner.here.page_of(partner.uri))
    wished = ("--filter", f"section:{section}")
    tried = partner.here.told("destinations", "filter", *wished)
    assert (tried["matched"], tried["busiest_hour"], tried["changed"]) == (1, 1, None)
    assert [one["uri"] for one in tried["latest"]] == [partner.uri]
    assert {"section": section, "matched": 1, "of": 1} in tried["sections"]
    assert partner.run("filter", *wished, "--dry-run")[0] == 0
    assert partner.row["filter"] == ""
    code, said = partner.run("filter", *wished)
    assert (code, "changed" in said, "1 of " in said) == (0, True, True)
    assert partner.row["filter"] == f"section:{section}"
    assert partner.here.run("destinations", "filter").returncode == 2


def test_only_what_passes_the_filter_is_sent(here: Installation, partner: Partner) -> None:
    partner.run("remove")
    added = here.run(*add(partner.name, partner.receiver.url, "--filter", "section:運動"))
    partner.secret = added.stdout.strip()
    assert partner.row["filter"] == "section:運動"
    partner.send(headline="財經新聞", section="財經")
    partner.send(headline="改列運動版", section="運動", version=2)
    until(lambda: partner.state == "delivered")
    assert [notice["data"]["version"] for _, notice in partner.told()] == [2]


def test_a_taken_name_is_refused_and_the_first_keeps_it(partner: Partner) -> None:
    done = partner.here.run(*add(partner.name, "https://other.example/"))
    assert done.returncode == 1
    assert "already" in done.stdout
    assert partner.run("test")[0] == 0
    assert len(partner.told()) == 1


def test_two_secrets_of_your_own_are_taken_and_not_printed(
    here: Installation, partner: Partner
) -> None:
    partner.run("remove")
    old, new = (f"whsec_{sign * 43}=" for sign in "AB")
    secrets = ("--set", f"secrets={old},{new}")
    done = here.run(*add(partner.name, partner.receiver.url, *secrets))
    assert (done.returncode, done.stdout) == (0, "")
    assert partner.run("test")[0] == 0
    for partner.secret in (old, new):
        assert len(partner.told()) == 1


@pytest.mark.parametrize(
    ("words", "field"),
    [
        (("--set", "url=ftp://hidden-words"), "url"),
        (("--set", "secrets=whsec_hidden-words"), "secrets.0"),
        (("--set", "colour=hidden-words"), "colour"),
        (("--set", "hidden-words"), "--set"),
        (("--filter", "weather:sun"), "weather"),
        (("--max-age-hours", "-1"), "max-age-hours"),
    ],
)
def test_a_wrong_setting_is_a_usage_error_that_names_it_and_hides_what_was_written(
    here: Installation, words: tuple[str, str], field: str
) -> None:
    done = here.run(*add("wrong", "https://partner.example/", *words))
    assert done.returncode == 2
    assert field in done.stderr
    assert "hidden-words" not in done.stderr
    assert here.told("destinations", "list") == []


@pytest.mark.parametrize(
    ("name", "channel", "said"),
    [("Wrong Name", "webhook", "name: "), ("wrong", "pigeon", "there are bluesky")],
)
def test_a_wrong_name_or_channel_is_a_usage_error(
    here: Installation, name: str, channel: str, said: str
) -> None:
    words = ("--channel", channel, "--set", "url=https://partner.example/")
    done = here.run("destinations", "add", name, *words)
    assert done.returncode == 2
    assert said in done.stderr


def asked(partner: Partner) -> dict[str, Any]:
    """What ingest's own API says of the story at this destination."""
    key = {"Authorization": f"Bearer {partner.here.key}"}
    address = f"{partner.here.addresses['ingest']}/v1/articles/{partner.uri}"
    answer = httpx.get(address, headers=key, trust_env=False)
    rows = [row for row in answer.json()["deliveries"] if row["destination"] == partner.name]
    return dict(rows[0]) if rows else {}


def test_ingest_answers_what_a_destination_has_wants_and_says(partner: Partner) -> None:
    partner.publish()
    has_it = asked(partner)
    assert (has_it["state"], has_it["next_try"]) == ("delivered", None)
    assert has_it["sent"] == has_it["wanted"] == {"op": "put", "version": 1}
    partner.receiver.plan(answer(503))
    partner.send(version=2, headline="環狀線北環段動工典禮")
    until(lambda: asked(partner)["error"] and asked(partner)["state"] == "waiting")
    waits = asked(partner)
    assert (waits["sent"]["version"], waits["wanted"]["version"]) == (1, 2)
    assert "503" in waits["error"]
    assert datetime.fromisoformat(waits["next_try"]) > datetime.now(UTC) - timedelta(minutes=1)
    partner.receiver.plan(answer(204))
    partner.here.run("withdraw", partner.uri, "--reason", "撤稿")
    assert asked(partner)["proof"] == "accepted"
