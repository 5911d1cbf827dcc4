"""The social chaos run: carriers and Redis are killed, answers get lost, and no post is doubled.

tests/chaos/social/plan.py     what is sent, and who dies when: all of it from the seed
tests/chaos/social/oracle.py   what counts as broken
python -m bench social_chaos   the long one
"""

from pathlib import Path

import pytest
from rich.console import Console

from services.sandbox.app import PLUGS as PLATFORMS
from tests.chaos.social.plan import make_plan
from tests.chaos.social.report import report
from tests.chaos.social.run import run

STORIES, KILLS = 20, 4
SPEED = 3.0
"""Leases run out after ten seconds then; calls to this machine take milliseconds."""
SETTLE_SECONDS = 90


@pytest.mark.timeout(240)
@pytest.mark.xdist_group("supervisor")
def test_every_story_is_one_post_or_none_while_carriers_die_and_answers_are_lost(
    tmp_path: Path,
) -> None:
    plan = make_plan(20261125, articles=STORIES, kills=KILLS)
    outcome = run(plan, tmp_path, settle_seconds=SETTLE_SECONDS, tell=lambda _: None, speed=SPEED)
    Console().print(report(outcome))
    assert outcome.findings == []
    assert outcome.missed == []
    assert outcome.dead.total() == KILLS
    assert outcome.evidence.terms.keys() == PLATFORMS.keys()
    assert len(outcome.evidence.posts) >= len(PLATFORMS) * STORIES / 2
