"""RULE: so many calls in any window of time, as platforms allow, and how they tell what is left."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass
class Budget:
    """At most `most` calls in `window_ms` milliseconds. Instants are milliseconds since 1970."""

    most: int
    window_ms: int
    _taken: deque[int] = field(default_factory=deque)

    def wait_ms(self, now: int) -> int:
        """How long until one more may come; 0 = now."""
        while self._taken and self._taken[0] + self.window_ms <= now:
            self._taken.popleft()
        return self._taken[0] + self.window_ms - now if len(self._taken) >= self.most else 0

    def take(self, now: int) -> None:
        """One call more."""
        self._taken.append(now)

    def reset_at(self, now: int) -> int:
        """When the whole budget is there again."""
        return self._taken[-1] + self.window_ms if self._taken else now

    def headers(self, prefix: str, now: int) -> Mapping[str, str]:
        """What is left, with the instant in seconds and the wait."""
        left = max(0, self.most - len(self._taken))
        again = (self._taken[0] if self._taken else now) + self.window_ms
        return {
            f"{prefix}limit": str(self.most),
            f"{prefix}remaining": str(left),
            f"{prefix}reset": f"{again / 1_000:.3f}",
            f"{prefix}reset-after": f"{(again - now) / 1_000:.3f}",
        }
