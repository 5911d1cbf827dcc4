"""The log of calls: every line once, newest first, however the pages fall."""

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from redis.asyncio import Redis

from services.publish.delivery.call_log import CallLog
from services.publish.delivery.message_key import message_key
from shared.errors import Invalid
from shared.streams import Keys

KEYS = Keys(3)


async def write(redis: Redis, partition: int, entry: str, uri: str, op: str = "put") -> None:
    fields = {"uri": uri, "version": 2, "op": op, "try": 1, "outcome": "done", "error": ""}
    await redis.xadd(KEYS.shared(partition, "attempts", "partner"), fields, id=entry)


async def read(redis: Redis, size: int) -> list[str]:
    log, seen, before = CallLog(redis, KEYS), [], ""
    while True:
        page = await log.page("partner", size, before)
        assert len(page.calls) <= size
        seen += [call.uri for call in page.calls]
        before = page.next
        if not before:
            return seen


LINES = st.dictionaries(
    st.tuples(st.integers(1, 4), st.integers(0, 3), st.integers(0, 2)), st.none(), max_size=25
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=LINES, size=st.integers(1, 7))
async def test_pages_of_any_size_show_every_line_once_newest_first(
    redis: Redis, lines: dict[tuple[int, int, int], None], size: int
) -> None:
    await redis.flushall()
    for ms, number, partition in sorted(lines):
        await write(redis, partition, f"{ms}-{number}", f"{ms}-{number}-{partition}")
    newest_first = sorted(lines, reverse=True)
    assert await read(redis, size) == ["-".join(map(str, line)) for line in newest_first]


async def test_a_line_is_what_was_called_under_its_id(redis: Redis) -> None:
    await write(redis, 0, "1795000000000-0", "urn:a", "kill")
    [call] = (await CallLog(redis, KEYS).page("partner", 10)).calls
    assert (call.at_ms, call.uri, call.version, call.op) == (1_795_000_000_000, "urn:a", 2, "kill")
    assert (call.tries, call.outcome, call.error) == (1, "done", "")
    assert call.id == message_key("urn:a", 2, "kill", "partner")


@pytest.mark.parametrize("cursor", ["x", "1-2", "1-2-3-4", "-1-2-3", "1-2-3\n", "1" * 40 + "-1-1"])
async def test_a_cursor_of_another_form_is_refused(redis: Redis, cursor: str) -> None:
    with pytest.raises(Invalid, match="before: "):
        await CallLog(redis, KEYS).page("partner", 10, cursor)
