"""A kill in a rush of news: it waits behind nothing."""

from pathlib import Path

import pytest

from tests.faults.burst import burst

pytestmark = pytest.mark.xdist_group("faults")

PER_SECOND, SECONDS = 20, 8
SITE_SECONDS, WEBHOOK_SECONDS = 6.0, 10.0
"""The promise is 2 and 5, on a machine that does nothing else (`python -m bench burst`)."""


@pytest.mark.timeout(180)
async def test_a_story_killed_in_a_rush_is_gone_and_subscribers_are_told_while_others_wait(
    tmp_path: Path,
) -> None:
    async with burst(tmp_path) as rush:
        await rush.run(PER_SECOND, SECONDS)
    seen = rush.seen
    assert len(seen.site) >= SECONDS // 2
    assert max(seen.site) < SITE_SECONDS
    assert max(seen.webhooks) < WEBHOOK_SECONDS
    assert len(seen.accepted) == PER_SECOND * SECONDS
