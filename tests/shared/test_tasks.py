"""How background tasks end."""

import asyncio

import pytest

from shared.tasks import PATIENCE_SECONDS, end, to_the_end


async def stubborn(cancellations: int) -> None:
    """A task that takes so many cancellations for something else."""
    for _ in range(cancellations):
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            continue
    await asyncio.sleep(60)


async def test_a_task_that_swallows_a_cancellation_is_asked_again() -> None:
    task = asyncio.create_task(stubborn(2))
    await asyncio.sleep(0)
    await end([task])
    assert task.cancelled()


async def test_who_is_cancelled_while_ending_others_ends_them_first() -> None:
    task = asyncio.create_task(stubborn(3))
    ending = asyncio.create_task(end([task]))
    for _ in range(2):
        await asyncio.sleep(PATIENCE_SECONDS / 4)
        ending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await ending
    assert task.cancelled()


async def test_what_a_task_has_to_do_at_its_end_is_done_however_often_it_is_asked_to_end() -> None:
    done = []

    async def close() -> None:
        await asyncio.sleep(2.5 * PATIENCE_SECONDS)
        done.append("closed")

    async def work() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            await to_the_end(close())

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    await end([task])
    assert (done, task.cancelled()) == (["closed"], True)
