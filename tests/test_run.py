"""The supervisor: what dies comes back, nobody is refused meanwhile, nothing accepted is lost."""

import json
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from services.run import FIRST_REST, LONGEST_REST, Rest
from shared.embedded import remembered_url
from tests.installation import (
    ROOT,
    WIREDESK,
    Installation,
    command,
    installation,
    processes,
    until,
)

pytestmark = pytest.mark.xdist_group("supervisor")


@pytest.fixture(scope="module")
def shared_one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with installation(tmp_path_factory.mktemp("run") / "state") as running:
        yield running


@pytest.fixture
def here(shared_one: Installation) -> Installation:
    """An installation that is whole, whatever the test before did to it."""
    until(shared_one.is_ready, 30)
    return shared_one


def send(here: Installation, uri: str) -> int:
    """The status of one story sent over HTTP; 0 when the connection was refused."""
    story = {"uri": uri, "headline": f"消息 {uri}"}
    headers = {"Authorization": f"Bearer {here.key}"}
    url = f"{here.addresses['ingest']}/v1/articles"
    try:
        return httpx.post(url, json=story, headers=headers, timeout=20).status_code
    except httpx.ConnectError:
        return 0
    except httpx.TransportError:  # the process died with the request in its hands
        return -1


def has_bound(sock: socket.socket, port: int) -> bool:
    try:
        sock.bind(("127.0.0.1", port))
    except OSError:
        return False
    return True


def live(here: Installation) -> set[str]:
    feed = httpx.get(f"{here.addresses['site']}/feed.json", timeout=20).json()
    return {item["id"] for item in feed["items"]}


@pytest.mark.parametrize("name", ["publish", "enrich", "ingest", "console"])
def test_a_service_that_is_killed_comes_back_and_meanwhile_nobody_is_refused(
    here: Installation, name: str
) -> None:
    address = urlsplit(here.addresses["site" if name == "publish" else name])
    refused: list[OSError] = []
    stop = threading.Event()

    def knock() -> None:
        while not stop.is_set():
            try:
                socket.create_connection((address.hostname, address.port or 0), 5).close()
            except OSError as error:
                refused.append(error)
            time.sleep(0.005)

    knocking = threading.Thread(target=knock)
    knocking.start()
    try:
        killed = here.kill(f"services {name}")
        uri = f"urn:after:{name}"
        until(lambda: send(here, uri) == 202)
        until(here.is_ready, 30)
    finally:
        stop.set()
        knocking.join()
    assert refused == []
    assert killed not in here.children()
    until(lambda: uri in live(here))


def test_a_redis_that_is_killed_comes_back_with_everything_acknowledged(
    here: Installation,
) -> None:
    accepted: list[str] = []
    stop = threading.Event()

    def newsroom() -> None:
        for number in range(10_000):
            uri = f"urn:redis:{number}"
            while not stop.is_set() and (status := send(here, uri)) != 202:
                assert status in (503, -1)
                time.sleep(0.05)
            if stop.is_set():
                return
            accepted.append(uri)

    sending = threading.Thread(target=newsroom)
    sending.start()
    try:
        until(lambda: len(accepted) >= 10)
        here.kill("redis-server")
        count = len(accepted)
        until(lambda: len(accepted) >= count + 10, 30)
    finally:
        stop.set()
        sending.join()
    newest = set(accepted[-30:])
    until(lambda: newest <= live(here), 30)
    assert here.run("trace", accepted[0]).returncode == 0


def test_a_redis_that_must_move_to_another_port_is_followed(here: Installation) -> None:
    def redis_port() -> int:
        return urlsplit(remembered_url(here.state / "redis") or "").port or 0

    before = redis_port()
    here.kill("redis-server")
    with socket.socket() as thief:
        thief.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        until(lambda: has_bound(thief, before))
        thief.listen()
        until(lambda: redis_port() != before)
    until(lambda: send(here, "urn:after:move") == 202, 30)
    until(here.is_ready, 30)
    until(lambda: "urn:after:move" in live(here), 30)


def test_a_second_start_on_the_same_state_is_refused_and_harms_nothing(
    here: Installation,
) -> None:
    addresses = here.addresses
    for words in (["up"], ["demo"]):
        done = command(*words, "--state", str(here.state), "--port-site", "0")
        assert done.returncode == 1
        assert f"another wiredesk runs on {here.state}" in done.stderr.replace("\n", "")
        assert "Traceback" not in done.stderr
    assert here.addresses == addresses
    assert here.is_ready()


def test_the_log_of_all_services_is_one(here: Installation) -> None:
    lines = [json.loads(line) for line in here.log.splitlines()]
    assert {"ingest", "enrich", "publish"} <= {line["service"] for line in lines}
    assert all({"ts", "level", "event", "instance"} <= line.keys() for line in lines)


def test_when_the_supervisor_is_killed_no_process_is_left_and_a_new_start_has_everything(
    tmp_path: Path,
) -> None:
    with installation(tmp_path / "state") as first:
        assert send(first, "urn:before") == 202
        until(lambda: "urn:before" in live(first))
        key = first.key
        children = set(first.children())
        assert len(children) == 5  # four services, and Redis
        first.process.kill()
        first.process.wait()
        until(lambda: not children & {pid for pid, _, _ in processes()}, 20)
    first.endpoints.unlink()
    with installation(tmp_path / "state") as second:
        assert "urn:before" in live(second)
        assert second.key == key
    assert second.process.returncode == 0
    assert not second.endpoints.exists()


def test_a_terminal_that_goes_away_does_not_stop_the_services(tmp_path: Path) -> None:
    """As in `wiredesk up 2>&1 | head`: nobody reads what it says any more."""
    state = tmp_path / "state"
    ports = [f"--port-{name}=0" for name in ("site", "ingest", "enrich", "console")]
    words = [*WIREDESK, "up", "--state", str(state), *ports]
    pipe = subprocess.PIPE
    process = subprocess.Popen(words, cwd=ROOT, stdout=pipe, stderr=subprocess.STDOUT, text=True)
    deaf = Installation(state, process)
    try:
        assert process.stdout
        process.stdout.readline()
        process.stdout.close()
        until((state / "endpoints.json").exists, 40)
        until(deaf.is_ready, 40)
        assert send(deaf, "urn:2") == 202
        until(lambda: "urn:2" in live(deaf))
    finally:
        process.terminate()
        process.wait(30)


def test_a_rest_doubles_up_to_a_limit() -> None:
    rest = Rest()
    rest.begin()
    waits = [rest.next() for _ in range(10)]
    assert waits[:4] == [FIRST_REST, 2 * FIRST_REST, 4 * FIRST_REST, 8 * FIRST_REST]
    assert waits[-1] == LONGEST_REST


def test_a_rest_is_no_longer_than_it_may_be() -> None:
    rest = Rest(longest=FIRST_REST)
    rest.begin()
    assert {rest.next() for _ in range(10)} == {FIRST_REST}


def test_a_rest_is_short_again_after_a_healthy_while() -> None:
    rest = Rest(seconds=LONGEST_REST, started=time.monotonic() - 3600)
    assert rest.next() == FIRST_REST
