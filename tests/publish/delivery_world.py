"""A world in memory for the rules of delivery: a ledger with its log, workers, whole platforms.

A call reaches its platform at the moment of the claim, or never; what the worker learns of it, and
whether it lives to write it down, is decided later. No call outlasts its lease. The platform has a
clock of its own, which nobody sets.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from services.publish.delivery.breaker import Health
from services.publish.delivery.caps import Caps, Way
from services.publish.delivery.filter import Filter
from services.publish.delivery.message_key import message_key
from services.publish.delivery.row import Op, Outcome, Row
from services.publish.delivery.step import Step, step_of

Pair = tuple[str, str]
Change = Callable[[Row | None], Row | None]

EVERYTHING = Filter()
WINDOW, KEPT_KEY = 50 * 60_000, 60 * 60_000
FULL = Caps(idempotency="name", edits=True, deletes=True, finds=True, verifies=True)
WAYS = {
    "files": Way(FULL),
    "hooks": Way(replace(FULL, idempotency="key", finds=False, verifies=False, has_ids=False)),
    "statuses": Way(replace(FULL, idempotency="key", key_lasts_ms=WINDOW)),
    "page": Way(replace(FULL, idempotency="none")),
    "board": Way(replace(FULL, idempotency="none", edits=False)),
    "chat": Way(replace(FULL, idempotency="none", finds=False, verifies=False)),
    "bold": Way(replace(FULL, idempotency="none", finds=False, verifies=False), "resend"),
}
"""Class A, B for ever, B for fifty minutes, C, C that cannot edit, D held, D sent again."""


@dataclass
class Post:
    """What followers see: the version it shows, and the one it was made for."""

    uri: str
    version: int
    made_for: tuple[int, int]
    """Version and copy."""
    made_at: int


@dataclass
class Platform:
    """A destination: what it was sent, and what its followers see."""

    name: str
    way: Way
    filter: Filter = EVERYTHING
    max_age_hours: float | None = None
    health: Health = field(default_factory=Health)
    is_paused: bool = False
    posts: dict[str, Post] = field(default_factory=dict)
    arrived: list[tuple[str, int, Op]] = field(default_factory=list)
    lost: Counter[str] = field(default_factory=Counter)
    """Calls for each article of which nobody could tell whether they arrived."""
    forced: Counter[str] = field(default_factory=Counter)
    """How often a person had each article sent anew."""
    _keys: dict[str, tuple[str, int]] = field(default_factory=dict)
    _count: int = 0

    def receive(self, row: Row, step: Step, key: str, true_now: int) -> str:
        """Take a call. Returns the name of the post, where posts have names."""
        self.arrived.append((row.uri, row.sending_version, row.sending_op))
        if row.sending_op == "kill":
            self._take_away(row, step)
            return ""
        post = Post(row.uri, row.sending_version, (row.sending_version, row.copy), true_now)
        return self._post(row, step, key, post)

    def _take_away(self, row: Row, step: Step) -> None:
        names = row.remote_id.split(" ") if self.way.caps.has_ids else [row.uri]
        for name in names:
            self.posts.pop(name, None)
            assert step in ("delete", "notice")

    def _post(self, row: Row, step: Step, key: str, post: Post) -> str:
        if not self.way.caps.has_ids:
            if key not in self._keys:
                self._keys[key] = (row.uri, post.made_at)
                self.posts[row.uri] = post
            return ""
        if step == "edit":
            name = row.remote_id.rpartition(" ")[2]
            if name not in self.posts:
                return ""
            self.posts[name] = replace(self.posts[name], version=post.version)
            return name
        name = self._named(row, key, post.made_at)
        self._keys.setdefault(key, (name, post.made_at))
        self.posts[name] = post
        return name

    def _named(self, row: Row, key: str, true_now: int) -> str:
        if self.way.caps.idempotency == "name":
            return row.remote_id
        name, at = self._keys.get(key, ("", 0))
        if self.way.caps.idempotency == "key" and name and true_now - at < KEPT_KEY:
            return name
        self._count += 1
        return f"p{self._count}"

    def look(self, row: Row) -> Outcome:
        """What a look of that row sees."""
        if row.is_kill and row.state != "sending":
            is_there = any(name in self.posts for name in row.remote_id.split(" "))
            return Outcome("there" if is_there else "missing")
        wanted = {name for name, post in self.posts.items() if post.uri == row.uri}
        found = wanted - set(row.remote_id.split(" "))
        return Outcome("there", remote_id=min(found)) if found else Outcome("missing")

    def shown(self, uri: str) -> list[Post]:
        """What followers see of an article."""
        return [post for post in self.posts.values() if post.uri == uri]


@dataclass
class Worker:
    """A worker in mid-call, or one that was believed dead."""

    claimed: Row
    step: Step | Outcome
    landed: bool
    name: str = ""
    """Of the post that the call has made."""

    @property
    def pair(self) -> Pair:
        return self.claimed.uri, self.claimed.destination

    def outcome(self, fate: str, platform: Platform) -> Outcome:
        """What comes of the call by the fate that was drawn for it."""
        if isinstance(self.step, Outcome):
            return self.step
        if self.step == "find":
            return platform.look(self.claimed) if fate == "ok" else FAILURES.get(fate, BUSY)
        if self.landed and fate != "ok":
            return LOST
        if self.landed:
            is_missing = self.step == "edit" and platform.way.caps.has_ids and not self.name
            return Outcome("missing") if is_missing else Outcome("done", remote_id=self.name)
        return FAILURES.get(fate, BUSY)

    @property
    def is_lost(self) -> bool:
        """Whether nobody could tell afterwards whether a put arrived."""
        return self.step in ("deliver", "edit")


BUSY = Outcome("retry", "503", after_ms=120_000)
LOST = Outcome("unknown", "no answer in time")
FAILURES = {
    "connect": Outcome("retry", "no connection", reached=False),
    "busy": BUSY,
    "refused": Outcome("refused", "422"),
    "stopped": Outcome("stopped", "401"),
    "bug": Outcome("broken", "bug: KeyError", reached=False),
    "timeout": LOST,
}


@dataclass
class Ledger:
    """Rows under compare-and-set, and a log of every change that they can be made from again."""

    rows: dict[Pair, Row] = field(default_factory=dict)
    log: dict[Pair, list[Change]] = field(default_factory=dict)
    unsynced: list[tuple[Pair, Row | None]] = field(default_factory=list)
    """The pairs written since the last sync, with the rows before."""

    def change(self, pair: Pair, rule: Change) -> Row | None:
        """Let a rule change the row as it is now. None when it changes nothing."""
        row = self.rows.get(pair)
        changed = rule(row)
        return self.put(changed, rule) if changed else None

    def put(self, row: Row, rule: Change) -> Row | None:
        """Write a row that was decided on from the one now here. None when it changed since."""
        pair = row.uri, row.destination
        have = self.rows.get(pair)
        if (have.rev if have else 0) != row.rev:
            return None
        self.unsynced.append((pair, have))
        self.rows[pair] = replace(row, rev=row.rev + 1)
        self.log.setdefault(pair, []).append(rule)
        return self.rows[pair]

    def lose(self, count: int) -> set[Pair]:
        """Lose the last writes that were not synced. Returns the pairs that are older now."""
        gone = self.unsynced[len(self.unsynced) - count :] if count else []
        for pair, before in reversed(gone):
            self.log[pair].pop()
            if before is None:
                del self.rows[pair]
            else:
                self.rows[pair] = before
        self.unsynced.clear()
        return {pair for pair, _ in gone}

    def rebuilt(self, pair: Pair) -> Row | None:
        """The row made anew from its log."""
        row: Row | None = None
        for rule in self.log.get(pair, []):
            changed = rule(row)
            assert changed
            row = replace(changed, rev=changed.rev + 1)
        return row


def called(row: Row, platform: Platform, *, landed: bool, true_now: int) -> Worker:
    """The worker that has claimed a row; its call has reached the platform, or never will."""
    step = step_of(row, platform.way.caps)
    lands = landed and not isinstance(step, Outcome) and step != "find"
    worker = Worker(row, step, lands)
    if lands and not isinstance(step, Outcome):
        worker.name = platform.receive(row, step, key_of(row), true_now)
    return worker


def key_of(row: Row) -> str:
    """The name that the call of a row has."""
    return message_key(row.uri, row.sending_version, row.sending_op, row.destination, row.copy)
