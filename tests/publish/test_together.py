"""What is asked at the same time is done in one go."""

import asyncio
from collections.abc import Sequence

import pytest

from services.publish.delivery.together import Together
from shared.tasks import end


class Desk:
    """Doubles numbers, slowly, and remembers how many were asked at once."""

    def __init__(self) -> None:
        self.rounds: list[list[int]] = []
        self.fails = False

    async def double(self, numbers: Sequence[int]) -> list[int]:
        self.rounds.append(list(numbers))
        await asyncio.sleep(0.01)
        if self.fails:
            raise ConnectionError("away")
        return [2 * number for number in numbers]


async def test_the_first_goes_at_once_and_those_behind_it_together() -> None:
    desk = Desk()
    double = Together(desk.double, most=100)
    assert await asyncio.gather(*map(double, range(10))) == [2 * number for number in range(10)]
    assert len(desk.rounds) <= 2


async def test_no_round_is_larger_than_it_may_be() -> None:
    desk = Desk()
    double = Together(desk.double, most=3)
    assert await asyncio.gather(*map(double, range(10))) == [2 * number for number in range(10)]
    assert max(map(len, desk.rounds)) == 3
    assert sorted(number for some in desk.rounds for number in some) == list(range(10))


async def test_everybody_in_a_round_learns_that_it_failed_and_the_next_one_works() -> None:
    desk = Desk()
    double = Together(desk.double, most=100)
    desk.fails = True
    answers = await asyncio.gather(*map(double, range(5)), return_exceptions=True)
    assert all(isinstance(answer, ConnectionError) for answer in answers)
    desk.fails = False
    assert await double(4) == 8


async def test_a_caller_that_goes_away_stops_nobody() -> None:
    desk = Desk()
    double = Together(desk.double, most=100)
    impatient, patient = asyncio.create_task(double(1)), asyncio.create_task(double(2))
    await asyncio.sleep(0)
    impatient.cancel()
    assert await patient == 4
    with pytest.raises(asyncio.CancelledError):
        await impatient


async def test_nothing_goes_on_when_the_last_caller_has_gone() -> None:
    """A command left behind would open a connection after its service closed them all."""
    desk = Desk()
    double = Together(desk.double, most=1)
    callers = [asyncio.create_task(double(number)) for number in range(3)]
    await asyncio.sleep(0.001)
    await end(callers)
    others = asyncio.all_tasks() - {asyncio.current_task()}
    await asyncio.sleep(0.05)
    assert (desk.rounds, others) == ([[0]], set())


async def test_who_comes_while_the_last_one_leaves_is_answered() -> None:
    desk = Desk()
    double = Together(desk.double, most=100)
    leaves = asyncio.create_task(double(1))
    await asyncio.sleep(0.001)
    leaves.cancel()
    await asyncio.sleep(0)
    assert await double(2) == 4
