"""Crash points: a process dies where it was told to, before anything has left, or not at all."""

import asyncio
import signal
import sys
from pathlib import Path

import pytest
from redis.asyncio import Redis

from shared.streams import RECEIVED, Keys
from tests.chaos.accepting import URI
from tests.chaos.crash_points import POINTS, Board, Point
from tests.installation import ROOT

ACCEPT, SETTLE = Point("ingest", "before accept"), Point("publish", "before settle")
KEYS = Keys()


async def accept(redis_url: str, board: Path) -> int | None:
    command = (sys.executable, "-m", "tests.chaos.accepting", redis_url, str(board))
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT)
    return await process.wait()


@pytest.fixture
def board(tmp_path: Path) -> Path:
    return tmp_path / "board"


async def test_who_comes_to_an_armed_point_dies_before_the_command_has_left(
    redis: Redis, redis_url: str, board: Path
) -> None:
    Board(board).arm(ACCEPT, passes=1)
    assert await accept(redis_url, board) == -signal.SIGKILL
    assert not await redis.exists(KEYS.of(URI, "ledger"))
    assert Board(board).deaths[ACCEPT] == 1
    assert await accept(redis_url, board) == 0  # one death, and the point is free again
    assert await redis.xlen(KEYS.stream(RECEIVED, "routine", 0)) == 1


@pytest.mark.parametrize(("point", "passes"), [(ACCEPT, 9), (SETTLE, 1), (None, 0)])
async def test_others_live(
    redis: Redis, redis_url: str, board: Path, point: Point | None, passes: int
) -> None:
    if point:
        Board(board).arm(point, passes)
    else:
        Board(board)
    assert await accept(redis_url, board) == 0
    assert Board(board).deaths.total() == 0


def test_the_board_is_shared_and_holds_one_armed_point(board: Path) -> None:
    ours, theirs = Board(board), Board(board)
    for point in POINTS:
        ours.arm(point, passes=2)
        assert theirs.armed == point
        assert not theirs.is_due(point)
        assert theirs.is_due(point)
        assert ours.armed is None
    assert set(ours.deaths.values()) == {1}
