"""The command line as people use it: real processes against one running installation."""

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from redis import Redis
from typer.main import get_command
from typer.testing import CliRunner

from services.cli import app
from shared.embedded import remembered_url
from shared.keyring import SCOPES, USUAL_SCOPES
from shared.streams import INBOX, dead_letters
from tests.enrich.samples import BASEBALL, CHIPS, TRANSIT, TYPHOON
from tests.installation import Installation, command, installation, until

OTHERS = (BASEBALL, CHIPS, TRANSIT, TYPHOON)
pytestmark = pytest.mark.xdist_group("command line")

COMMANDS = (
    "up",
    "demo",
    "ingest",
    "enrich",
    "publish",
    "console",
    "send",
    "withdraw",
    "withdrawals",
    "acknowledge",
    "replay",
    "trace",
    "explain",
    "new-words",
    "preview",
    "sandbox",
    "status",
    "doctor",
    "dead",
    "dead list",
    "dead show",
    "dead replay",
    "dead drop",
    "keys",
    "keys create",
    "keys list",
    "keys revoke",
    "destinations",
    "destinations list",
    "destinations add",
    "destinations pause",
    "destinations change",
    "destinations rotate",
    "destinations filter",
    "destinations log",
    "destinations resume",
    "destinations remove",
    "destinations test",
    "destinations show",
)


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with installation(tmp_path_factory.mktemp("cli") / "state") as running:
        yield running


@pytest.fixture
def story(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A file with a story that only this test sends."""
    file = tmp_path / "story.json"
    uri = f"urn:news:{abs(hash(request.node.name))}"
    file.write_text(json.dumps({"uri": uri, "headline": "環狀線北環段動工"}), "utf-8")
    return file


def uri_of(story: Path) -> str:
    return str(json.loads(story.read_text("utf-8"))["uri"])


def changed(story: Path, **fields: object) -> Path:
    story.write_text(json.dumps(json.loads(story.read_text("utf-8")) | fields), "utf-8")
    return story


@pytest.fixture
def poison(here: Installation) -> Iterator[dict[str, Any]]:
    """An entry of the inbox that is no article, parked."""
    url = remembered_url(here.state / "redis")
    assert url
    with Redis.from_url(url) as redis:
        redis.xadd(INBOX, {"json": '{"uri": "urn:poison"}', "extra": "[/red]"})
        until(lambda: redis.xlen(dead_letters(INBOX)))
        yield here.told("dead", "list")[0]
        redis.delete(dead_letters(INBOX))


def test_a_story_that_is_sent_is_accepted_and_goes_live(here: Installation, story: Path) -> None:
    done = here.run("send", str(story), "--json")
    assert done.returncode == 0
    [sent] = json.loads(done.stdout)
    assert (sent["outcome"], sent["uri"], sent["version"]) == ("accepted", uri_of(story), 1)
    until(lambda: here.page_of(uri_of(story)))
    assert "環狀線北環段動工" in httpx.get(here.page_of(uri_of(story))).text


def test_sent_again_it_is_a_duplicate_and_that_is_well(here: Installation, story: Path) -> None:
    here.run("send", str(story))
    again = here.run("send", str(story))
    assert again.returncode == 0
    assert "duplicate" in again.stdout


def test_other_content_for_a_known_version_is_refused_with_exit_code_1(
    here: Installation, story: Path
) -> None:
    here.run("send", str(story))
    conflict = here.run("send", str(changed(story, headline="別的標題")), "--json")
    assert conflict.returncode == 1
    [sent] = json.loads(conflict.stdout)
    assert sent["outcome"] == "refused (409)"
    assert "send it as 2" in sent["detail"]


def test_every_fault_of_a_bad_article_is_told(here: Installation, story: Path) -> None:
    done = here.run("send", str(changed(story, urgency=12, language="中文")), "--json")
    assert done.returncode == 1
    [sent] = json.loads(done.stdout)
    assert {line.partition(":")[0] for line in sent["detail"].splitlines()} == {
        "urgency",
        "language",
    }


def test_a_file_that_is_not_there_is_a_usage_error_and_nothing_is_sent(
    here: Installation, story: Path
) -> None:
    done = here.run("send", str(story), "/no/such/file.json")
    assert done.returncode == 2
    assert "/no/such/file.json" in done.stderr
    assert here.run("trace", uri_of(story)).returncode == 1


def test_a_page_of_text_comes_by_standard_input(here: Installation) -> None:
    words = ("--format", "page_text", "--uri", "urn:page:1", "--version", "3", "--json")
    page = "生活\n社區書屋新開幕\n2026-11-20 09:30\n記者林小雨／台北報導\n書屋今天開幕。\n"
    done = here.run("send", "-", *words, stdin=page)
    assert done.returncode == 0, done.stdout + done.stderr
    [sent] = json.loads(done.stdout)
    assert (sent["outcome"], sent["uri"], sent["version"]) == ("accepted", "urn:page:1", 3)


def test_a_story_is_traced_through_all_services(here: Installation, story: Path) -> None:
    here.run("send", str(story))
    until(lambda: here.page_of(uri_of(story)))
    until(lambda: len(here.told("trace", uri_of(story))["steps"]) >= 3)
    told = here.told("trace", uri_of(story))
    assert [step["step"] for step in told["steps"]] == [
        "ingest.accepted",
        "enrich.done",
        "publish.live",
    ]
    assert len({step["trace"] for step in told["steps"]}) == 1
    shown = here.run("trace", uri_of(story)).stdout
    assert uri_of(story) in shown
    assert re.search(r"\+\d+ ms +│ publish.live", shown)


def test_a_story_is_explained_by_uri_and_from_a_file(here: Installation, story: Path) -> None:
    here.run("send", str(story))
    until(lambda: here.page_of(uri_of(story)))
    for name in (uri_of(story), str(story)):
        told = here.told("explain", name)
        tags = {tag["name"] for tag in told["article"]["tags"] if tag["creator"] == "wiredesk"}
        assert {one["name"] for one in told["terms"] if one["fate"].startswith("tag")} == tags
    assert "what became of it" in here.run("explain", uri_of(story)).stdout
    assert here.run("explain", "urn:unknown").returncode == 1


def test_new_words_of_the_archive_are_proposed_and_can_be_pasted(
    here: Installation, tmp_path: Path
) -> None:
    said = ["今年{}湧入遊客", "縣府整修{}，工期半年", "她在{}拍婚紗照", "從前的{}只有漁民來"]
    for number, (words, body) in enumerate(zip(said, OTHERS, strict=True)):
        file = tmp_path / f"{number}.json"
        headline = words.format("穹頂鷺亭")
        told = {"uri": f"urn:words:{number}", "headline": headline, "body_text": body}
        file.write_text(json.dumps(told), "utf-8")
        here.run("send", str(file))
    until(lambda: here.page_of("urn:words:3"))
    assert "穹頂鷺亭" in here.run("new-words", "--least", "4").stdout
    assert "穹頂鷺亭" in {one["name"] for one in here.told("new-words", "--least", "4")}
    pasted = tomllib.loads(here.run("new-words", "--least", "4", "--toml").stdout)
    assert {"label": "穹頂鷺亭", "kind": "topic"} in pasted["term"]
    assert "no new word stands in 9" in here.run("new-words", "--least", "9").stdout


def test_a_story_that_never_came_is_told_with_exit_code_1(here: Installation) -> None:
    done = here.run("trace", "urn:[red]:unknown")
    assert done.returncode == 1
    assert "urn:[red]:unknown was never accepted here" in done.stdout


def test_a_withdrawn_story_is_gone_from_the_site(here: Installation, story: Path) -> None:
    here.run("send", str(story))
    until(lambda: here.page_of(uri_of(story)))
    page = here.page_of(uri_of(story))
    assert here.run("withdraw", uri_of(story), "--reason", "消息來源撤回").returncode == 0
    until(lambda: httpx.get(page).status_code == 410)
    until(lambda: not here.page_of(uri_of(story)))
    late = here.run("send", str(changed(story, version=7)))
    assert late.returncode == 1
    assert "killed" in late.stdout


def test_a_withdrawal_names_the_article_that_evolved_from_the_story(
    here: Installation, story: Path, tmp_path: Path
) -> None:
    rewrite, uri = tmp_path / "rewrite.json", f"{uri_of(story)}:b"
    original = uri_of(story)
    told = {
        "uri": uri,
        "headline": "改寫",
        "evolved_from": original,
        "embargoed": "2999-01-01T00:00Z",
    }
    rewrite.write_text(json.dumps(told))
    here.run("send", str(story), str(rewrite))
    withdrawn = here.run("withdraw", original, "--reason", "消息來源撤回").stdout
    assert f"rewritten as {uri}" in withdrawn
    assert "held until 2999" in withdrawn.replace("\n", " ")
    traced = here.run("trace", original).stdout
    assert f"rewritten as {uri}" in traced
    assert f"evolved from {original}" in here.run("trace", uri).stdout
    assert [one["state"] for one in here.told("trace", original)["rewritten_as"]] == ["held"]
    here.run("withdraw", uri, "--reason", "不再需要", "--no-wait")  # nothing stays held here
    assert [one["state"] for one in here.told("trace", original)["rewritten_as"]] == ["killed"]


def test_a_withdrawal_without_a_reason_is_a_usage_error(here: Installation) -> None:
    assert here.run("withdraw", "urn:news:1").returncode == 2


def test_status_tells_every_group_that_it_is_read(here: Installation) -> None:
    done = here.run("status", "--json")
    assert done.returncode == 0
    told = json.loads(done.stdout)
    assert told["worst"] in ("well", "warning")
    assert {(row["group"], row["consumers"]) for row in told["groups"]} == {
        ("ingest", 1),
        ("enrich", 1),
        ("publish", 1),
        ("deliver", 1),
    }
    assert "held for embargo or schedule: 0" in here.run("status").stdout


def test_a_key_sends_until_it_is_revoked(here: Installation) -> None:
    key = here.run("keys", "create", "cms", "--scope", "read").stdout.strip()
    assert key.startswith("wd_")
    url = f"{here.addresses['ingest']}/v1/articles/urn:nothing"
    headers = {"Authorization": f"Bearer {key}"}
    assert httpx.get(url, headers=headers).status_code == 404
    assert httpx.delete(url, headers=headers).status_code == 403
    [row] = here.told("keys", "list")
    assert (row["name"], row["scopes"]) == ("cms", ["read"])
    assert here.run("keys", "revoke", "cms").returncode == 0
    assert httpx.get(url, headers=headers).status_code == 401
    assert here.run("keys", "revoke", "cms").returncode == 1


def test_a_key_is_changed_without_a_gap_under_the_same_name(here: Installation) -> None:
    old, new = (here.run("keys", "create", "wire").stdout.strip() for _ in range(2))
    assert here.run("keys", "revoke", "wire", "--keep-newest").stdout == "revoked: 1\n"
    url = f"{here.addresses['ingest']}/v1/articles/urn:nothing"
    for key, status in ((old, 401), (new, 404)):
        assert httpx.get(url, headers={"Authorization": f"Bearer {key}"}).status_code == status
    [row] = here.told("keys", "list")
    assert row["scopes"] == list(USUAL_SCOPES)
    assert here.run("keys", "revoke", "wire").stdout == "revoked: 1\n"


def test_a_scope_that_is_none_is_a_usage_error(here: Installation) -> None:
    done = here.run("keys", "create", "cms", "--scope", "rule")
    assert done.returncode == 2
    assert all(scope in done.stderr for scope in SCOPES)


def test_the_local_key_never_stands_in_the_log(here: Installation, story: Path) -> None:
    here.run("send", str(story))
    assert here.key not in here.log


def test_a_poisoned_entry_is_listed_whole_and_shown_with_its_cause(
    here: Installation, poison: dict[str, Any]
) -> None:
    assert poison["name"].startswith(f"{INBOX}/")
    assert poison["fields"] == {"json": '{"uri": "urn:poison"}', "extra": "[/red]"}
    shown = json.loads(here.run("dead", "show", poison["name"]).stdout)
    assert "headline" in shown["error"]
    listed = here.run("dead", "list").stdout
    cells = [line.split("│")[1].strip() for line in listed.splitlines() if line.count("│") > 2]
    assert poison["name"] in "".join(cells)
    assert here.run("dead", "show", "no/such").returncode == 1


def test_a_replay_without_a_yes_changes_nothing(here: Installation, poison: dict[str, Any]) -> None:
    assert here.run("dead", "replay").returncode == 1
    assert here.told("dead", "list") == [poison]


def test_a_replayed_entry_is_judged_anew_and_parked_again(
    here: Installation, poison: dict[str, Any]
) -> None:
    done = here.run("dead", "replay", "--match", poison["name"], "--yes")
    assert done.stdout.strip() == "replay: 1 of 1"
    until(lambda: "dead_lettered" in here.log.rpartition(poison["name"].rpartition("/")[2])[2])
    [again] = here.told("dead", "list")
    assert again["name"] != poison["name"]
    assert again["fields"] == poison["fields"]


def test_a_dropped_entry_is_gone(here: Installation, poison: dict[str, Any]) -> None:
    assert here.run("dead", "drop").returncode == 2
    for told in ("drop: 1 of 1", "nothing matches"):
        done = here.run("dead", "drop", "--match", poison["name"], "--yes")
        assert done.stdout.strip() == told


def test_the_doctor_finds_the_embedded_installation_well(here: Installation) -> None:
    done = here.run("doctor", "--json")
    assert done.returncode == 0
    found = {one["name"]: one["verdict"] for one in json.loads(done.stdout)}
    assert found.pop("clock") in ("well", "warning")
    assert set(found.values()) == {"well"}
    assert {"Redis version", "append-only file", "appendfsync", "local key"} <= set(found)


def test_an_unknown_command_is_a_usage_error() -> None:
    done = command("publicise")
    assert done.returncode == 2
    assert "publicise" in done.stderr


def test_where_nothing_runs_the_error_says_what_to_do(tmp_path: Path) -> None:
    done = command("status", "--state", str(tmp_path / "none"))
    assert done.returncode == 1
    assert "wiredesk up --state" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_redis_that_does_not_answer_is_told_without_a_traceback(tmp_path: Path) -> None:
    config = tmp_path / "wiredesk.toml"
    config.write_text('[redis]\nurl = "redis://:hidden-words@127.0.0.1:1/0"\n')
    done = command("status", "--state", str(tmp_path), "--config", str(config))
    assert done.returncode == 1
    assert "Redis does not answer" in done.stderr
    assert "Traceback" not in done.stderr
    assert "hidden-words" not in done.stderr


def test_a_mistake_in_the_settings_is_told_by_file_and_key(tmp_path: Path) -> None:
    config = tmp_path / "wiredesk.toml"
    config.write_text("[logs]\nlevel = 'LOUD'\n")
    done = command("up", "--state", str(tmp_path / "state"), "--config", str(config))
    assert done.returncode == 1
    assert "wiredesk.toml: [logs] level: " in done.stderr.replace("\n", " ")


def test_every_help_prints_an_example() -> None:
    for name in ("", *COMMANDS):
        done = CliRunner().invoke(app, [*name.split(), "--help"], terminal_width=80)
        assert done.exit_code == 0
        assert re.search(rf"Example:.* ?wiredesk {name}", " ".join(done.stdout.split())), name


def test_the_list_of_commands_is_whole() -> None:
    assert set(COMMANDS) == set(_names(get_command(app)))


def _names(group: Any, before: str = "") -> Iterator[str]:  # noqa: ANN401  # typer's own copy of click
    for name, one in group.commands.items():
        yield before + name
        if hasattr(one, "commands"):
            yield from _names(one, f"{name} ")
