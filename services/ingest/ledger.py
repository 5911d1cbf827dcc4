"""The ledger: what was last accepted of each article, written together with its event.

One Lua script compares, sets and adds to the stream, so that what was answered 202 is either in the
ledger and the stream or in neither. The decision itself is `accept.judge`; the script only checks
that the row is still the one it was made about.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from math import ceil
from typing import Any, cast

from redis.asyncio import Redis

from services.ingest.accept import Decision, Known, State, judge, release
from shared.article import Article
from shared.commit import Value
from shared.events import Event
from shared.streams import RECEIVED, Keys
from shared.timeline import KEEP_ENTRIES, KEEP_SECONDS, step

# KEYS: ledger row, held articles, received stream, timeline, withdrawals, withdrawal.
# ARGV: expected revision; number of row fields and the row; then, each after its number of words,
# due in ms (or '' = waits no longer) and uri, the event, the step, and the fields of a withdrawal,
# the last of them when it was accepted; nothing = leave as it is.
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
local row, due, event, step, withdrawal = take(), take(), take(), take(), take()
redis.call('HSET', KEYS[1], 'revision', ARGV[1] + 1, unpack(row))
if #due > 0 and due[1] ~= '' then redis.call('ZADD', KEYS[2], due[1], due[2])
elseif #due > 0 then redis.call('ZREM', KEYS[2], due[2]); redis.call('HDEL', KEYS[1], 'held') end
if #event > 0 then redis.call('XADD', KEYS[3], '*', unpack(event)) end
if #step > 0 then
  redis.call('XADD', KEYS[4], 'MAXLEN', '~', ARGV[#ARGV - 1], '*', unpack(step))
  redis.call('EXPIRE', KEYS[4], ARGV[#ARGV])
end
if #withdrawal > 0 then
  redis.call('DEL', KEYS[6])
  redis.call('HSET', KEYS[6], unpack(withdrawal))
  redis.call('ZADD', KEYS[5], withdrawal[#withdrawal], due[2])
elseif #event > 0 then redis.call('ZREM', KEYS[5], due[2]) end
return 1
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One ledger row as it stands in Redis; `revision` counts its changes."""

    known: Known
    revision: int
    accepted: datetime
    """When the newest version was accepted, or let go."""
    evolved_from: str = ""
    due: datetime | None = None
    """When the held version may leave."""
    held: bytes | None = None
    """The held version, as JSON of the article."""

    def told(self) -> dict[str, object]:
        """The row as senders and operators see it; what there is nothing of is left out."""
        told = {
            "version": self.known.version,
            "state": self.known.state,
            "accepted": self.accepted.isoformat(),
            "live_version": self.known.live or None,
            "due": self.due and self.due.isoformat(),
            "evolved_from": self.evolved_from or None,
        }
        return {name: value for name, value in told.items() if value is not None}


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
        return _row(row) if row else None

    async def rewrites(self, uri: str) -> dict[str, Row]:
        """The rows of the articles that say they evolved from this one, by their uri."""
        members: Any = await self.redis.smembers(self.keys.of(uri, "rewrites"))
        rows = {member: await self.read(member) for member in sorted(map(bytes.decode, members))}
        return {other: row for other, row in rows.items() if row and row.evolved_from == uri}

    async def accept(self, article: Article, now: datetime) -> Decision:
        """Judge an article and, when it is taken, write row and event together.

        Safe to repeat: the second time it is a duplicate.
        """
        digest = digest_of(article)
        while True:
            row = await self.read(article.uri)
            not_before = await self._not_before(article)
            decision = judge(row.known if row else None, article, digest, now, not_before)
            if row and decision.known == row.known:
                return decision
            await self._note_rewrite(decision.article)
            step_name = "" if decision.outcome == "stale" else decision.outcome
            if await self._write(decision, now, row.revision if row else 0, step_name):
                if row and row.held is not None:
                    await self._hurry_rewrites(decision, now)
                return decision

    async def release(
        self, uri: str, now: datetime, first: frozenset[str] = frozenset()
    ) -> list[Article]:
        """Let a held article go when it is due, after the one it evolved from.

        Returns what went, in order. `first` are the articles that wait for this one.
        """
        row = await self.read(uri)
        if row is None or row.held is None:
            return []
        article = Article.model_validate_json(row.held)
        went: list[Article] = []
        if article.evolved_from and article.evolved_from not in first:
            went = await self.release(article.evolved_from, now, first | {uri})
        decision = release(row.known, article, now, await self._not_before(article))
        is_due = decision.outcome == "accepted"
        if not await self._write(decision, now, row.revision, "released" if is_due else ""):
            return went
        await self._hurry_rewrites(decision, now)
        return [*went, article] if is_due else went

    async def look_again(self, uri: str, when: datetime) -> None:
        """Have a held article looked at then, whatever its time is."""
        held = self.keys.shared(self.keys.partition(uri), "held")
        await self.redis.zadd(held, {uri: int(when.timestamp() * 1000)}, xx=True)

    async def _not_before(self, article: Article) -> datetime | None:
        """When the article it evolved from is due, while that one is held."""
        if article.evolved_from is None or article.evolved_from == article.uri:
            return None
        original = await self.read(article.evolved_from)
        return original.due if original else None

    async def _note_rewrite(self, article: Article) -> None:
        """Tell the article it evolved from, whose row may lie in another slot.

        Before the row is written, because a note too many does no harm.
        """
        if article.evolved_from:
            noting: Any = self.redis.sadd(
                self.keys.of(article.evolved_from, "rewrites"), article.uri
            )
            await noting

    async def _hurry_rewrites(self, decision: Decision, now: datetime) -> None:
        """Look again at what was held for this article, which has left before its time.

        When it was taken away instead, its rewrites keep their time: a kill publishes nothing.
        """
        if decision.outcome != "accepted" or decision.known.state != "live":
            return
        for uri in await self.rewrites(decision.article.uri):
            await self.look_again(uri, now)

    async def _write(
        self, decision: Decision, now: datetime, revision: int, step_name: str
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
                self.keys.shared(self.keys.partition(uri), "withdrawals"),
                self.keys.of(uri, "withdrawal"),
            ],
            args=[revision, *_arguments(decision, event, step_name)],
        )
        return bool(done)


def _row(fields: dict[bytes, bytes]) -> Row:
    known = Known(
        version=int(fields[b"version"]),
        digest=fields[b"digest"].decode(),
        state=cast("State", fields[b"state"].decode()),
        live=int(fields.get(b"live", 0)),
        reinstated=int(fields[b"reinstated"]),
    )
    held = fields.get(b"held")
    return Row(
        known,
        revision=int(fields[b"revision"]),
        accepted=_instant(fields[b"accepted"]),
        evolved_from=fields.get(b"evolved_from", b"").decode(),
        due=_instant(fields[b"due"]) if held is not None else None,
        held=held,
    )


def _arguments(decision: Decision, event: Event, step_name: str) -> list[Value]:
    """What the script reads after the revision: five parts, each with its length."""
    article, known, due = decision.article, decision.known, decision.due
    # fmt: off
    row: list[Value] = [
        "version", known.version, "digest", known.digest, "state", known.state,
        "live", known.live, "reinstated", known.reinstated,
    ]
    # fmt: on
    if decision.outcome == "stale":
        return _counted(row, [], [], [], [])
    accepted_ms = int(event.accepted.timestamp() * 1000)
    row += ["uri", article.uri, "accepted", accepted_ms]
    if article.pubstatus == "usable":  # what takes a story away leaves it where it came from
        row += ["evolved_from", article.evolved_from or ""]
    told = step(event, f"ingest.{step_name}") if step_name else []
    if due is None:
        away = _withdrawal(decision, accepted_ms)
        return _counted(row, ["", article.uri], event.fields(), told, away)
    due_ms = ceil(due.timestamp() * 1000)  # up, so that nobody looks too early
    row += ["held", article.model_dump_json(exclude_defaults=True), "due", due_ms]
    return _counted(row, [due_ms, article.uri], [], told, [])


def _counted(*parts: Sequence[Value]) -> list[Value]:
    counted = [word for part in parts for word in (len(part), *part)]
    return [*counted, KEEP_ENTRIES, KEEP_SECONDS]


def _withdrawal(decision: Decision, accepted_ms: int) -> list[Value]:
    """What is to be remembered of a story that readers must not see any more, from this instant."""
    if decision.known.state not in ("killed", "withheld"):
        return []
    article = decision.article
    told: list[Value] = ["version", article.version, "reason", article.ednote]
    return [*told, "accepted", accepted_ms]


def _instant(millis: bytes) -> datetime:
    return datetime.fromtimestamp(int(millis) / 1000, UTC)
