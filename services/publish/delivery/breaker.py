"""RULE: when to leave a failing destination alone, and when to try it again.

    closed --10 failures in a row--> open --cool-off--> half-open (one probe) --success--> closed
             or half of the calls     ^------------------- failure, cool-off doubled ------+
             of a minute (`lately.py`)

Cool-off 60 s, doubling to 15 minutes. After 120 hours without success and at least 20 tries the
destination is disabled: it gets a probe a day, and kills. Time behind an open breaker is no
attempt. What fails while it is open (a kill, or a call that was under way) keeps it open no longer.

    the operator is told that it   when
    fails                          four calls in a row failed; again after 24 and after 96 hours
    rests, no longer rests         the breaker opens, closes
    is disabled, is enabled        after 120 hours; by the first success, e.g. of a probe
    is well again                  a call succeeds after any of these

Each of them once, however many processes deliver: what was told stands in the health.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

SECOND, MINUTE, HOUR = 1_000, 60_000, 3_600_000
OPEN_AFTER = 10
FIRST_COOL_OFF, LONGEST_COOL_OFF = MINUTE, 15 * MINUTE
DISABLE_AFTER_MS, DISABLE_AFTER_TRIES = 120 * HOUR, 20
PROBE_EVERY_MS = 24 * HOUR
TELL_AT_FAILURES = 4
TELL_AFTER_MS = (24 * HOUR, 96 * HOUR)
FAILS, FAILS_FOR_A_DAY, FAILS_FOR_DAYS, DISABLED = range(1, 5)
"""How bad it is. 0 = not worth a word."""

News = Literal["fails", "rests", "rests_no_more", "disabled", "enabled", "well_again"]


@dataclass(frozen=True, slots=True)
class Health:
    """How a destination has been doing. All zero = well."""

    failures: int = 0
    """In a row."""
    failing_since: int = 0
    cool_off: int = 0
    open_until: int = 0
    error: str = ""
    told: int = 0
    """How bad the operator knows it to be."""
    is_erratic: bool = False
    """Whether half of its calls failed within a minute, though not one after the other."""

    @property
    def is_well(self) -> bool:
        return not self.failures

    @property
    def is_open(self) -> bool:
        """Whether it rests, but for probes."""
        return self.failures >= OPEN_AFTER or self.is_erratic

    def is_disabled(self, now: int) -> bool:
        """Whether it has failed so long that only a daily probe goes out."""
        long = bool(self.failing_since) and now - self.failing_since >= DISABLE_AFTER_MS
        return long and self.failures >= DISABLE_AFTER_TRIES

    def may_try(self, now: int) -> int:
        """How many calls may be under way now: 0 while open, 1 as a probe, else no limit (-1)."""
        if not self.is_open:
            return -1
        return 1 if now >= self.open_until else 0


def after_success(health: Health, now: int) -> Health:
    """Any success mends it; but where every second call fails, only one after the cool-off."""
    return health if health.is_erratic and now < health.open_until else Health()


def after_failure(health: Health, error: str, now: int, *, is_erratic: bool = False) -> Health:
    """One more failure. It may open the breaker; that of a probe opens it for longer.

    `is_erratic`: half of the calls of the last minute failed.
    """
    failing = replace(
        health,
        failures=health.failures + 1,
        failing_since=health.failing_since or now,
        error=error,
        is_erratic=health.is_erratic or is_erratic,
    )
    failing = replace(failing, told=max(health.told, _badness(failing, now)))
    if not failing.is_open or now < health.open_until:
        return failing
    cool_off = min(max(FIRST_COOL_OFF, 2 * health.cool_off), LONGEST_COOL_OFF)
    wait = PROBE_EVERY_MS if failing.is_disabled(now) else cool_off
    return replace(failing, cool_off=cool_off, open_until=now + wait)


def news(before: Health, after: Health) -> tuple[News, ...]:
    """What the operator is to hear of a change of health."""
    return tuple(_bad_news(before, after) if after.failures else _good_news(before))


def _bad_news(before: Health, after: Health) -> Iterator[News]:
    if after.told > before.told:
        yield "disabled" if after.told == DISABLED else "fails"
    if after.is_open and not before.is_open:
        yield "rests"


def _good_news(before: Health) -> Iterator[News]:
    if before.is_open:
        yield "rests_no_more"
    if before.told == DISABLED:
        yield "enabled"
    if before.told:
        yield "well_again"


def _badness(health: Health, now: int) -> int:
    if health.is_disabled(now):
        return DISABLED
    if health.failures < TELL_AT_FAILURES:
        return 0
    return FAILS + sum(now - health.failing_since >= after for after in TELL_AFTER_MS)
