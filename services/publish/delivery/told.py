"""What is said of deliveries: one line of the log for each thing that happened to a row."""

from collections.abc import Iterable

import structlog

from services.publish.delivery.row import Outcome, Row, Verdict
from shared.logs import Happened

SEEN = ("there", "missing")
"""Verdicts of a look."""
PARKED = {"dead": Happened.DELIVERY_DEAD, "unknown": Happened.DELIVERY_UNKNOWN}
log = structlog.get_logger()


def tell_settled(row: Row, settled: Row, outcome: Outcome) -> None:
    """Say what came of a call or a look of `row`."""
    log.info(
        _happened(settled, outcome),
        destination=row.destination,
        uri=row.uri,
        version=row.sending_version,
        op=row.sending_op,
        attempt=row.attempt,
        reason=outcome.error,
    )


def tell_parked(rows: Iterable[Row]) -> None:
    """A claim that only writes a row off is as visible as a call that fails."""
    for row in rows:
        log.info(
            PARKED[row.state],
            destination=row.destination,
            uri=row.uri,
            version=row.want_version,
            op=row.want_op,
            attempt=row.attempt,
            reason=row.error,
        )


def attempt_line(row: Row, settled: Row, outcome: Outcome) -> tuple[str, ...]:
    """One line of the log of calls, names and values by turns."""
    verdict = verdict_of(settled, outcome)
    told = ("uri", row.uri, "version", str(row.sending_version), "op", row.sending_op)
    return (*told, "try", str(row.attempt), "outcome", verdict, "error", outcome.error)


def verdict_of(settled: Row, outcome: Outcome) -> Verdict:
    """The verdict by what follows from it: what is unknown and just tried again is a retry."""
    is_retry = outcome.verdict == "unknown" and settled.state == "waiting"
    return "retry" if is_retry else outcome.verdict


def _happened(settled: Row, outcome: Outcome) -> Happened:
    if outcome.verdict in SEEN:
        return Happened.DELIVERY_LOOKED
    if outcome.verdict == "done":
        return Happened.DELIVERY_SUCCEEDED
    if settled.due_at:
        return Happened.DELIVERY_FAILED
    return PARKED.get(settled.state, Happened.DELIVERY_FAILED)
