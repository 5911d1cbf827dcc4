"""A world in memory for the rules of delivery: a ledger, workers, and whole fake destinations.

A call reaches its destination at the moment of the claim, or never; what the worker learns of it,
and whether it lives to write it down, is decided later. No call outlasts its lease.
"""

from collections import Counter
from dataclasses import dataclass, field, replace

from services.publish.delivery.row import Op, Outcome, Row

Pair = tuple[str, str]
KINDS = {"files": "name", "webhook": "key", "chat": "none"}
"""Our destinations and how each knows a repetition: by name, by key, not at all."""


@dataclass
class Destination:
    """What a destination has been sent and what its readers see."""

    kind: str
    visible: dict[str, int] = field(default_factory=dict)
    """The version its readers see of each article."""
    arrived: list[tuple[str, int, Op]] = field(default_factory=list)
    shown: Counter[tuple[str, int]] = field(default_factory=Counter)
    """How often a version was shown anew."""
    keys: set[tuple[str, int, Op]] = field(default_factory=set)

    def receive(self, uri: str, version: int, op: Op) -> None:
        key = uri, version, op
        self.arrived.append(key)
        if self.kind == "key" and key in self.keys:
            return
        self.keys.add(key)
        if op == "kill":
            self.visible.pop(uri, None)
            return
        if self.kind == "none" or self.visible.get(uri) != version:
            self.shown[uri, version] += 1
        self.visible[uri] = version


@dataclass
class Worker:
    """A worker in mid-call, or one that was believed dead."""

    claimed: Row
    landed: bool

    @property
    def pair(self) -> Pair:
        return self.claimed.uri, self.claimed.destination

    @property
    def call(self) -> tuple[int, Op]:
        return self.claimed.sending_version, self.claimed.sending_op


@dataclass
class Ledger:
    """Rows under compare-and-set."""

    rows: dict[Pair, Row] = field(default_factory=dict)

    def put(self, row: Row) -> bool:
        """Write a row that was decided on from the one now here. False when it changed since."""
        pair = row.uri, row.destination
        have = self.rows.get(pair)
        if (have.rev if have else 0) != row.rev:
            return False
        self.rows[pair] = replace(row, rev=row.rev + 1)
        return True


def outcome_of(worker: Worker, kind: str, failure: str) -> Outcome:
    """What the channel of such a destination reads in a failure."""
    if worker.landed or failure == "timeout":
        blind = kind == "none" and worker.claimed.sending_op == "put"
        return Outcome("unknown" if blind else "retry", "no answer in time")
    answers = {
        "connect": Outcome("retry", "no connection", reached=False),
        "busy": Outcome("retry", "503", after_ms=120_000),
        "refused": Outcome("refused", "422"),
        "stopped": Outcome("stopped", "401"),
    }
    return answers[failure]
