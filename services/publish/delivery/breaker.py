"""RULE: when to leave a failing destination alone, and when to try it again.

    closed --10 failures in a row--> open --cool-off--> half-open (one probe) --success--> closed
                                      ^------------------- failure, cool-off doubled ------+

Cool-off 60 s, doubling to 15 minutes. After 120 hours without success and at least 20 tries the
destination is disabled: it gets a probe a day, and kills. Time behind an open breaker is no
attempt. What fails while it is open (a kill, or a call that was under way) keeps it open no longer.
"""

from dataclasses import dataclass, replace

SECOND, MINUTE, HOUR = 1_000, 60_000, 3_600_000
OPEN_AFTER = 10
FIRST_COOL_OFF, LONGEST_COOL_OFF = MINUTE, 15 * MINUTE
DISABLE_AFTER_MS, DISABLE_AFTER_TRIES = 120 * HOUR, 20
PROBE_EVERY_MS = 24 * HOUR
TOLD_AT_FAILURES = 4
"""The owner is told at the fourth failure, and again when the breaker opens and at disable."""


@dataclass(frozen=True, slots=True)
class Health:
    """How a destination has been doing. All zero = well."""

    failures: int = 0
    """In a row."""
    failing_since: int = 0
    cool_off: int = 0
    open_until: int = 0
    error: str = ""

    @property
    def is_well(self) -> bool:
        return not self.failures

    def is_disabled(self, now: int) -> bool:
        """Whether it has failed so long that only a daily probe goes out."""
        long = bool(self.failing_since) and now - self.failing_since >= DISABLE_AFTER_MS
        return long and self.failures >= DISABLE_AFTER_TRIES

    def may_try(self, now: int) -> int:
        """How many calls may be under way now: 0 while open, 1 as a probe, else no limit (-1)."""
        if self.is_well or self.failures < OPEN_AFTER:
            return -1
        return 1 if now >= self.open_until else 0


def after_success(_: Health) -> Health:
    """Any success mends it."""
    return Health()


def after_failure(health: Health, error: str, now: int) -> Health:
    """One more failure. It may open the breaker; that of a probe opens it for longer."""
    failing = replace(
        health,
        failures=health.failures + 1,
        failing_since=health.failing_since or now,
        error=error,
    )
    if failing.failures < OPEN_AFTER or now < health.open_until:
        return failing
    cool_off = min(max(FIRST_COOL_OFF, 2 * health.cool_off), LONGEST_COOL_OFF)
    wait = PROBE_EVERY_MS if failing.is_disabled(now) else cool_off
    return replace(failing, cool_off=cool_off, open_until=now + wait)
