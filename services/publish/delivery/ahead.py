"""RULE: how many rows to claim at once, ahead of the calls.

A claim costs a round trip and an fsync however many rows it takes. But what is claimed is promised
to one worker: so no more than is carried in one or two seconds, by how long the last claim took,
and what has waited longer for its call goes back.
"""

MOST = 64
QUICK_MS, SLOW_MS = 1_000, 2_000
PATIENCE_MS = 3_000


def next_claim(rows: int, took_ms: int, *, all_used: bool, calls: int) -> int:
    """The rows of the next claim. `rows` were allowed this time, `all_used` if so many were due.

    `calls` is how many calls may be under way: never fewer rows than that.
    """
    if took_ms > SLOW_MS:
        return max(rows // 2, calls)
    if all_used and took_ms < QUICK_MS:
        return max(min(2 * rows, MOST), calls)
    return max(rows, calls)


def may_call(claimed_at: int, now: int) -> bool:
    """Whether a call may still begin: a kill could be waiting for the row meanwhile."""
    return now - claimed_at <= PATIENCE_MS
