"""RULE: how long to wait before the next try, and when to give up.

    try      2     3     4     5     6     7     8     9    10    11    12
    wait     5 s  30 s   2 m  10 m  30 m   2 h   5 h  10 h  14 h  20 h  24 h      75.7 h in all

Full jitter up to ten minutes, so that many rows that failed together do not come back together;
above that only a fifth to either side, to keep the promise of about 76 hours. What is refused gets
three tries, in case of a deploy over there; what is our own fault or can never be done gets none.
What a person has to mend waits by the minute. A kill is never given up: at most a minute apart for
a day, whatever Retry-After says, then hourly until a person takes over. A look that told nothing,
or that still saw what was killed, is followed by another one: soon, then by the minute, after an
hour by the hour.
Source: Standard Webhooks 1.0.0, "Retry schedule" (https://www.standardwebhooks.com).
"""

from collections.abc import Callable, Mapping

from services.publish.delivery.row import Outcome, Row, Verdict

SECOND, MINUTE, HOUR = 1_000, 60_000, 3_600_000
SCHEDULE = (
    5 * SECOND,
    30 * SECOND,
    2 * MINUTE,
    10 * MINUTE,
    30 * MINUTE,
    2 * HOUR,
    5 * HOUR,
    10 * HOUR,
    14 * HOUR,
    20 * HOUR,
    24 * HOUR,
)
MOST_TRIES: Mapping[Verdict, int] = {"refused": 3, "broken": 0, "impossible": 0}
KILL_SCHEDULE = (2 * SECOND, 5 * SECOND, 15 * SECOND, 30 * SECOND, MINUTE)
KILL_HURRY = 24 * HOUR
FULL_JITTER_UP_TO = 10 * MINUTE
FLOOR_SHARE, SPREAD = 0.1, 0.2
MAX_RETRY_AFTER, MAX_RETRY_AFTER_OF_KILL = 6 * HOUR, HOUR
LOOK_SCHEDULE = (5 * SECOND, 15 * SECOND, 30 * SECOND, MINUTE)
LOOK_HURRY = 60
"""So many looks are soon; those after them come by the hour."""

Random = Callable[[], float]
"""Uniform in [0, 1)."""


def wait_after(
    row: Row, outcome: Outcome, now: int, random: Random, *, give_up_after: int | None = None
) -> int | None:
    """Milliseconds that `row` waits after a failed call or a look; None = give up, never a kill.

    The outcome's Retry-After lengthens a wait, up to six hours (a late kill's: one hour).
    `give_up_after` milliseconds after it was wanted a first post is old news; a correction of what
    stands there is not, and gets the whole schedule.
    """
    asked = min(outcome.after_ms, MAX_RETRY_AFTER)
    if row.state != "sending" and outcome.verdict != "missing":
        return max(wait_before_look(row.looks), asked)
    if row.sending_op == "kill":
        return _wait_of_kill(row, outcome, now, random)
    if outcome.verdict == "stopped":
        return max(MINUTE, asked)
    schedule = wait_before(row.attempt, random)
    if schedule is None or row.attempt >= MOST_TRIES.get(outcome.verdict, len(SCHEDULE) + 1):
        return None
    wait = max(schedule, asked)
    late = give_up_after is not None and now + wait - row.wanted_at > give_up_after
    return None if late and row.is_first else wait


def wait_before(attempt: int, random: Random) -> int | None:
    """Milliseconds to wait after `attempt` calls, or None when the schedule is over.

    None were made for a version that became wanted while one before it was looked for: no wait.
    """
    if not attempt:
        return 0
    return None if attempt > len(SCHEDULE) else _jittered(SCHEDULE[attempt - 1], random)


def wait_before_kill(attempt: int, failing_ms: int, random: Random) -> int:
    """The same for a kill, which is tried for ever. `failing_ms` = since its first failure."""
    if failing_ms > KILL_HURRY:
        return _jittered(HOUR, random)
    return _jittered(KILL_SCHEDULE[min(attempt, len(KILL_SCHEDULE)) - 1], random)


def wait_before_look(looks: int) -> int:
    """Milliseconds before the next look, after so many (from 0) and one that did not settle it."""
    if looks >= LOOK_HURRY:
        return HOUR
    return LOOK_SCHEDULE[min(looks, len(LOOK_SCHEDULE) - 1)]


def _wait_of_kill(row: Row, outcome: Outcome, now: int, random: Random) -> int:
    failing_ms = now - (row.failing_since or now)
    longest = MAX_RETRY_AFTER_OF_KILL if failing_ms > KILL_HURRY else MINUTE
    return max(wait_before_kill(row.attempt, failing_ms, random), min(outcome.after_ms, longest))


def _jittered(base: int, random: Random) -> int:
    if base <= FULL_JITTER_UP_TO:
        return max(int(base * FLOOR_SHARE), int(base * random()))
    return int(base * (1 - SPREAD + 2 * SPREAD * random()))
