"""Taking a story away, and sending it again, as operators do: real commands, a real receiver."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from anyio.from_thread import start_blocking_portal

from tests.installation import Installation, installation, until
from tests.publish.receiver import Receiver, answer

pytestmark = pytest.mark.xdist_group("command line")
TAKEN = answer(204)


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    state = tmp_path_factory.mktemp("withdrawals") / "state"
    with installation(state, WIREDESK_HTTP__ALLOW_NETWORKS="127.0.0.0/8") as running:
        yield running


@dataclass
class Story:
    """One story that one partner has, who only this test knows."""

    here: Installation
    receiver: Receiver
    name: str
    file: Path

    @property
    def uri(self) -> str:
        return f"urn:news:{self.name}"

    def send(self, version: int = 1) -> None:
        told = {"uri": self.uri, "version": version, "headline": f"第{version}版"}
        self.file.write_text(json.dumps(told), "utf-8")
        assert self.here.run("send", str(self.file)).returncode == 0

    def publish(self) -> None:
        self.send()
        until(lambda: self.delivery["state"] == "delivered")

    def publish_in_vain(self) -> None:
        """The partner wants no call from us, so that all that is for it waits."""
        self.receiver.plan(answer(401))
        self.send()
        until(lambda: self.delivery.get("error"))

    @property
    def delivery(self) -> dict[str, Any]:
        """What trace says of it at the partner."""
        traced = self.here.run("trace", self.uri, "--json")
        rows = json.loads(traced.stdout)["deliveries"] if not traced.returncode else []
        return next((row for row in rows if row["destination"] == self.name), {"state": ""})

    def run(self, *words: str) -> tuple[int, str]:
        done = self.here.run(*words)
        return done.returncode, " ".join((done.stdout + done.stderr).split())

    def withdraw(self, *words: str) -> tuple[int, str]:
        return self.run("withdraw", self.uri, "--reason", "撤稿", *words)

    def report(self) -> dict[str, Any]:
        told: dict[str, Any] = self.here.told("withdraw", self.uri, "--report")
        return told


@pytest.fixture
def story(here: Installation, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Story]:
    name = f"p{abs(hash(request.node.name))}"
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(Receiver()) as receiver,
    ):
        words = ("--channel", "webhook", "--set", f"url={receiver.url}")
        assert here.run("destinations", "add", name, *words).returncode == 0
        yield Story(here, receiver, name, tmp_path / "story.json")
        here.run("destinations", "remove", name)


def test_a_withdrawal_ends_well_when_every_place_is_proven(story: Story) -> None:
    story.publish()
    code, said = story.withdraw("--json")
    told = json.loads(said)
    assert (code, told["outcome"], told["is_done"], told["reason"]) == (0, "accepted", True, "撤稿")
    assert [(one["destination"], one["proof"]) for one in told["outlets"]] == [
        ("website", "gone"),
        ("feeds", "gone"),
    ]
    [delivery] = [one for one in told["deliveries"] if one["destination"] == story.name]
    assert (delivery["proof"], delivery["is_done"], delivery["tries"]) == ("accepted", True, 1)
    assert told["accepted"] <= delivery["called_at"] <= delivery["accepted_at"]
    assert delivery["proven_at"] is None
    assert told["seconds"] < 30


def test_its_report_can_be_seen_again(story: Story) -> None:
    story.publish()
    story.withdraw("--no-wait")
    until(lambda: story.report()["is_done"])
    code, said = story.run("withdraw", story.uri, "--report")
    assert (code, "撤稿" in said, "website │ gone" in said) == (0, True, True)
    assert story.run("withdraw", "urn:never", "--report")[0] == 1


def test_what_is_outstanding_is_told_with_what_to_do(story: Story) -> None:
    story.publish()
    story.receiver.plan(answer(503))
    code, said = story.withdraw("--wait", "2")
    assert code == 1
    assert "│ sent │" in said
    assert f"{story.name}: is told again and again" in said
    code, said = story.run("withdrawals")
    assert (code, "│ sent │" in said, "--report" in said) == (1, True, True)
    [listed] = [one for one in story.here.told("withdrawals") if one["uri"] == story.uri]
    assert listed["is_done"] is False
    assert "withdrawals outstanding: 1" in story.run("status")[1]
    story.receiver.plan(TAKEN)
    until(lambda: story.report()["is_done"], 30)
    assert story.run("withdrawals") == (0, "nothing is outstanding")


def test_a_kill_that_cannot_be_proven_is_acknowledged_by_a_person(story: Story) -> None:
    story.publish()
    story.here.run("destinations", "remove", story.name)
    until(lambda: story.name not in story.here.told("destinations", "list"))
    story.withdraw("--wait", "3")
    until(lambda: "call them" in story.run("withdraw", story.uri, "--report")[1])
    words = ("acknowledge", story.uri, "--to", story.name, "--reason", "已電話確認")
    assert story.run(*words) == (0, f"acknowledged: {story.name} is dead")
    until(lambda: story.report()["is_done"])
    [delivery] = story.report()["deliveries"]
    assert (delivery["acknowledged"], delivery["is_done"]) == ("已電話確認", True)
    assert story.run(*words)[0] == 1
    until(lambda: story.run("withdrawals")[0] == 0)


def test_only_a_withdrawal_needs_a_reason(story: Story) -> None:
    assert story.run("withdraw", story.uri)[0] == 2
    assert story.run("withdraw", story.uri, "--reason", " ")[0] == 2


# Replay


def test_what_failed_is_sent_again_under_the_same_id(story: Story) -> None:
    story.publish_in_vain()
    words = ("replay", story.uri, "--to", story.name)
    code, said = story.run(*words, "--dry-run", "--json")
    told = json.loads(said)
    assert (code, told["matched"], told["sent"]) == (0, 1, 0)
    assert told["counts"] == [{"destination": story.name, "state": "waiting", "deliveries": 1}]
    assert story.run(*words)[0] == 1  # nobody said yes
    assert len(story.receiver.received) == 1
    story.receiver.plan(TAKEN)
    story.run("destinations", "resume", story.name)
    assert story.run(*words, "--yes")[1].endswith("replay: 1 of 1")
    until(lambda: story.delivery["state"] == "delivered")
    assert len({one.headers["webhook-id"] for one in story.receiver.received}) == 1


def test_what_was_delivered_is_sent_again_only_by_force_and_under_a_new_id(story: Story) -> None:
    story.publish()
    assert story.run("replay", "--to", story.name, "--yes") == (0, "nothing matches")
    code, said = story.run("replay", story.uri, "--mode", "force", "--yes", "--json")
    assert (code, json.loads(said)["sent"]) == (0, 1)
    until(lambda: len(story.receiver.received) == 2)
    assert len({one.headers["webhook-id"] for one in story.receiver.received}) == 2


def test_deliveries_are_chosen_by_state_time_words_and_filter(story: Story) -> None:
    story.publish_in_vain()
    chosen = {
        ("--in", "waiting"): 1,
        ("--in", "unknown"): 0,
        ("--since", "1h"): 1,
        ("--until", "1h"): 0,
        ("--since", "2026-01-01T00:00Z", "--until", "2126-01-01"): 1,
        ("--match", "urn:news"): 1,
        ("--match", "urn:other"): 0,
        ("--filter", "keyword:第1版"): 1,
        ("--filter", "section:運動"): 0,
    }
    for words, matched in chosen.items():
        said = story.run("replay", "--to", story.name, *words, "--dry-run", "--json")[1]
        assert json.loads(said)["matched"] == matched, words


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "say which"),
        (("--since", "yesterday"), "is no instant"),
        (("--to", "x", "--mode", "maybe"), "maybe"),
        (("--filter", "weather:sun"), "weather"),
    ],
    ids=["nothing", "since", "mode", "filter"],
)
def test_a_replay_that_does_not_say_what_is_a_usage_error(
    story: Story, words: tuple[str, ...], said: str
) -> None:
    code, told = story.run("replay", *words)
    assert (code, said in told) == (2, True)


def test_a_replay_to_nobody_fails(story: Story) -> None:
    assert story.run("replay", "--to", "nobody", "--yes")[0] == 1
