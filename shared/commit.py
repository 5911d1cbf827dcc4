"""The commit of a hop: acknowledge a batch and write what follows from it, in one Lua script.

`XACK == 1` is the fence: only the first committer of an entry writes, however often its handler
ran, so one entry is one emission. Two more things are measured facts of Redis, not taste:

* Lua is never rolled back, so every target's type and every write's size (`unpack` takes some
  8,000 values) are checked before the first write. An XADD refused after XACK loses the entry.
* A script whose first write is XACK runs to the end even when memory is full. So XACK comes first,
  and a full Redis drains instead of jamming.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from redis.asyncio import Redis
from redis.commands.core import AsyncScript

Value: TypeAlias = str | bytes | int | float

TARGETS = {"XADD": "stream", "HSET": "hash", "HDEL": "hash", "ZINCRBY": "zset", "EXPIRE": "any"}
"""The commands that a commit may hold, and the type each needs its key to have."""

# KEYS: source stream, then every key written to.
# ARGV: group, the type each of those keys must have, then for each entry: its id, the number n of
# writes, and n times (command, index into KEYS, m, m arguments).
SCRIPT = """
for i = 2, #KEYS do
  local is, must = redis.call('TYPE', KEYS[i])['ok'], ARGV[i]
  if is ~= 'none' and must ~= 'any' and is ~= must then
    return redis.error_reply('WRONGTYPE ' .. KEYS[i] .. ' is a ' .. is .. ', not a ' .. must)
  end
end
local at = #KEYS + 1
while at <= #ARGV do
  local writes = tonumber(ARGV[at + 1])
  at = at + 2
  for _ = 1, writes do
    local count = tonumber(ARGV[at + 2])
    if count > 7000 then return redis.error_reply('ERR a write of ' .. count .. ' arguments') end
    at = at + 3 + count
  end
end
local done = 0
at = #KEYS + 1
while at <= #ARGV do
  local mine = redis.call('XACK', KEYS[1], ARGV[1], ARGV[at]) == 1
  local writes = tonumber(ARGV[at + 1])
  at = at + 2
  for _ = 1, writes do
    local count = tonumber(ARGV[at + 2])
    if mine then
      redis.call(ARGV[at], KEYS[tonumber(ARGV[at + 1])], unpack(ARGV, at + 3, at + 2 + count))
    end
    at = at + 3 + count
  end
  if mine then done = done + 1 end
end
return done
"""


@dataclass(frozen=True, slots=True)
class Write:
    """One Redis write that happens if, and only if, the entry is ours to acknowledge."""

    command: str
    key: str
    args: tuple[Value, ...]

    @classmethod
    def add(cls, stream: str, fields: Sequence[Value]) -> "Write":
        """XADD of field names and values by turns; Redis gives the id."""
        return cls("XADD", stream, ("*", *fields))


class Commit:
    """The script, bound to one client and one source stream's group."""

    def __init__(self, redis: Redis, source: str, group: str) -> None:
        self._script: AsyncScript = redis.register_script(SCRIPT)
        self._source = source
        self._group = group

    async def __call__(self, settled: Mapping[bytes, Sequence[Write]]) -> int:
        """Acknowledge the entries by id and do their writes. Returns how many were still ours."""
        keys: dict[str, int] = {self._source: 1}
        kinds: list[Value] = []
        args: list[Value] = []
        for entry_id, writes in settled.items():
            args += [entry_id, len(writes)]
            for write in writes:
                if write.key not in keys:
                    keys[write.key] = len(keys) + 1
                    kinds.append(TARGETS[write.command])
                args += [write.command, keys[write.key], len(write.args), *write.args]
        done: int = await self._script(keys=list(keys), args=[self._group, *kinds, *args])
        return done
