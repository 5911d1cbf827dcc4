"""Looking names up: a name server that hangs holds one thread, and delays no other name."""

import asyncio
import socket
from collections.abc import Sequence
from threading import Event

import pytest

from shared.lookups import Lookups


class NameServer:
    """Answers at once, but for `sick.test`, which waits until it is well."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.well = Event()

    def __call__(self, host: str, _: int) -> Sequence[str]:
        self.asked.append(host)
        if host == "sick.test" and not self.well.wait(10):
            raise socket.gaierror(socket.EAI_AGAIN, "no answer")
        if host == "nobody.test":
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return ["93.184.216.34"]


async def test_a_sick_name_is_asked_once_at_a_time_and_delays_no_other() -> None:
    server = NameServer()
    look_up = Lookups(server)
    waiting = [asyncio.create_task(look_up("sick.test", 443)) for _ in range(100)]
    async with asyncio.timeout(5):
        assert await look_up("well.test", 443) == ["93.184.216.34"]
    server.well.set()
    assert await asyncio.gather(*waiting) == [["93.184.216.34"]] * 100
    assert sorted(server.asked) == ["sick.test", "well.test"]


async def test_who_gives_up_leaves_the_lookup_to_others() -> None:
    server = NameServer()
    look_up = Lookups(server)
    patient = asyncio.create_task(look_up("sick.test", 443))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await look_up("sick.test", 443)
    server.well.set()
    assert await patient == ["93.184.216.34"]


async def test_an_answer_is_not_kept() -> None:
    server = NameServer()
    look_up = Lookups(server)
    for _ in range(2):
        with pytest.raises(socket.gaierror):
            await look_up("nobody.test", 80)
    assert server.asked == ["nobody.test", "nobody.test"]


async def test_the_system_knows_this_machine() -> None:
    assert "127.0.0.1" in await Lookups()("127.0.0.1", 80)
