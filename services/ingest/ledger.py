"""The ledger: what was last accepted of each article, written together with its event.

One Lua script compares, sets and adds to the stream, so that what was answered 202 is either in the
ledger and the stream or in neither. The decision itself is `accept.judge`; the script only checks
that the row is still the one it was made about.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, cast

from redis.asyncio import Redis

from services.ingest.accept import Decision, Known, State, judge
from shared.article import Article
from shared.commit import Value
from shared.events import Event
from shared.streams import RECEIVED, Keys
from shared.timeline import KEEP_ENTRIES, KEEP_SECONDS, step

# KEYS: ledger row, held articles, received stream, timeline.
# ARGV: expected revision; number of row fields and the row; due in ms or ''; number of event fields
# and the event; number of timeline fields and the step.
# The streams' types are checked first: a script that fails half-way is not rolled back.
SCRIPT = """
for i = 3, 4 do
  local is = redis.call('TYPE', KEYS[i])['ok']
  if is ~= 'none' and is ~= 'stream' then return redis.error_reply('WRONGTYPE ' .. KEYS[i]) end
end
if (redis.call('HGET', KEYS[1], 'revision') or '0') ~= ARGV[1] then return 0 end
local at = 2
local function take()
  local count = tonumber(ARGV[at])
  local part = {unpack(ARGV, at + 1, at + count)}
  at = at + count + 1
  return part
end
local row, due, event, step = take(), take(), take(), take()
redis.call('HSET', KEYS[1], 'revision', ARGV[1] + 1, unpack(row))
if #due > 0 then redis.call('ZADD', KEYS[2], due[1], due[2])
else redis.call('ZREM', KEYS[2], row[2]); redis.call('HDEL', KEYS[1], 'held') end
if #event > 0 then redis.call('XADD', KEYS[3], '*', unpack(event)) end
redis.call('XADD', KEYS[4], 'MAXLEN', '~', ARGV[#ARGV - 1], '*', unpack(step))
redis.call('EXPIRE', KEYS[4], ARGV[#ARGV])
return 1
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One ledger row as it stands in Redis; `revision` counts its changes."""

    known: Known
    revision: int
    accepted: datetime
    held: bytes | None
    """The event that waits for its time, as JSON of the article."""


def digest_of(article: Article) -> str:
    """A name for the content: the same for the same article, whoever sends it."""
    return sha256(article.model_dump_json(exclude_defaults=True).encode()).hexdigest()[:32]


class Ledger:
    """Accepts articles. Several processes may use the same ledger at the same time."""

    def __init__(self, redis: Redis, keys: Keys) -> None:
        self.redis = redis
        self.keys = keys
        self._script = redis.register_script(SCRIPT)

    async def read(self, uri: str) -> Row | None:
        """The row of an article, or None when it was never accepted."""
        row: Any = await self.redis.hgetall(self.keys.of(uri, "ledger"))
        if not row:
            return None
        known = Known(
            version=int(row[b"version"]),
            digest=row[b"digest"].decode(),
            state=cast("State", row[b"state"].decode()),
            reinstated=int(row[b"reinstated"]),
        )
        accepted = datetime.fromtimestamp(int(row[b"accepted"]) / 1000, UTC)
        return Row(known, int(row[b"revision"]), accepted, row.get(b"held"))

    async def accept(self, article: Article, now: datetime) -> Decision:
        """Judge an article and, when it is taken, write row and event together.

        Safe to repeat: the second time it is a duplicate.
        """
        digest = digest_of(article)
        while True:
            row = await self.read(article.uri)
            decision = judge(row.known if row else None, article, digest, now)
            if decision.outcome not in ("accepted", "held"):
                return decision
            if await self._write(decision, digest, now, row.revision if row else 0):
                return decision

    async def release(self, uri: str, now: datetime) -> Article | None:
        """Let a held article go when it is due. None when there is nothing to let go."""
        row = await self.read(uri)
        if row is None or row.held is None or row.known.state != "held":
            return None
        article = Article.model_validate_json(row.held)
        if article.due is not None and article.due > now:
            return None
        state: State = "withheld" if article.pubstatus == "withheld" else "live"
        decision = Decision("accepted", article, state, row.known.reinstated)
        done = await self._write(decision, row.known.digest, now, row.revision, step="released")
        return article if done else None

    async def _write(
        self, decision: Decision, digest: str, now: datetime, revision: int, step: str = ""
    ) -> bool:
        """Whether the row was still at `revision`, and is now changed."""
        article = decision.article
        uri, event = article.uri, Event.begin(RECEIVED, article, now)
        done = await self._script(
            keys=[
                self.keys.of(uri, "ledger"),
                self.keys.shared(self.keys.partition(uri), "held"),
                self.keys.stream(RECEIVED, event.lane, self.keys.partition(uri)),
                self.keys.of(uri, "timeline"),
            ],
            args=[revision, *_arguments(decision, digest, event, step or decision.outcome)],
        )
        return bool(done)


def _arguments(decision: Decision, digest: str, event: Event, name: str) -> list[Value]:
    article, milliseconds = decision.article, int(event.accepted.timestamp() * 1000)
    # fmt: off
    row: list[Value] = [
        "uri", article.uri, "version", article.version, "digest", digest,
        "state", decision.state, "reinstated", decision.reinstated, "accepted", milliseconds,
    ]
    # fmt: on
    due: list[Value] = []
    fields: Sequence[Value] = event.fields()
    if decision.due is not None:
        row += ["held", article.model_dump_json(exclude_defaults=True)]
        due = [int(decision.due.timestamp() * 1000), article.uri]
        fields = ()
    args: list[Value] = []
    for part in (row, due, fields, step(event, f"ingest.{name}")):
        args += [len(part), *part]
    return [*args, KEEP_ENTRIES, KEEP_SECONDS]
