"""Every kind of damage to the append-only file, made by hand and met by a real server."""

import os
from collections.abc import Callable
from pathlib import Path
from time import sleep

import pytest
from structlog.testing import capture_logs

from shared.embedded import EmbeddedRedis
from shared.errors import Misconfigured
from tests.shared.stories import WRITES, client_of, stories, write

Damage = Callable[[Path], None]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "redis"


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
