"""How the calls to a destination have ended of late: whether half of them fail, if not in a row."""

from collections import deque

MINUTE = 60_000
AT_LEAST = 20
KEPT = 500
"""Calls that are remembered. A destination that gets more in a minute is judged by these."""


class Lately:
    """The calls of one courier in the last minute."""

    def __init__(self) -> None:
        self._calls: deque[tuple[int, bool]] = deque(maxlen=KEPT)

    def note(self, now: int, *, failed: bool) -> bool:
        """One more call has ended. Whether at least half of twenty or more have failed.

        `now` is in milliseconds; set back, it makes the calls before it count for longer.
        """
        self._calls.append((now, failed))
        while now - self._calls[0][0] > MINUTE:
            self._calls.popleft()
        fails = sum(bad for _, bad in self._calls) if failed else 0
        return len(self._calls) >= AT_LEAST and 2 * fails >= len(self._calls)
