"""RULE: may this address ask again now? A bucket that fills with time, one token a question.

https://en.wikipedia.org/wiki/Token_bucket
"""

from dataclasses import dataclass

BURST_SECONDS = 10
"""Somebody who was quiet may ask that many seconds' worth at once."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """Tokens left at an instant, in seconds of any clock that does not go back."""

    tokens: float
    at: float


def ask(bucket: Bucket | None, now: float, per_second: float) -> tuple[Bucket, float]:
    """The bucket after one question, and the seconds to wait before it may be asked; 0 = now.

    A question that comes too early costs nothing.
    """
    full = max(1.0, per_second * BURST_SECONDS)
    tokens = full if bucket is None else bucket.tokens + (now - bucket.at) * per_second
    tokens = min(tokens, full)
    if tokens < 1:
        return Bucket(tokens, now), (1 - tokens) / per_second
    return Bucket(tokens - 1, now), 0.0
