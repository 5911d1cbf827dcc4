"""The chaos run: thirty kill -9 over all services and Redis, and every promise is kept.

tests/chaos/plan.py     what is sent, and who dies when: all of it from the seed
tests/chaos/oracle.py   what was promised, and what counts as broken
python -m bench chaos   the long one
"""

from pathlib import Path

import pytest
from rich.console import Console

from tests.chaos.crash_points import POINTS
from tests.chaos.plan import make_plan
from tests.chaos.report import report
from tests.chaos.run import run

ARTICLES, KILLS = 2_000, 30
SEED = 20261123
GIVE_UP_SECONDS = 420


@pytest.mark.timeout(600)
@pytest.mark.xdist_group("supervisor")
def test_nothing_is_lost_doubled_reordered_or_brought_back_while_processes_are_killed(
    tmp_path: Path,
) -> None:
    plan = make_plan(SEED, articles=ARTICLES, kills=KILLS)
    outcome = run(plan, tmp_path, give_up_seconds=GIVE_UP_SECONDS, tell=lambda _: None)
    Console().print(report(outcome))
    assert outcome.findings == []
    assert outcome.missed == []
    assert outcome.dead.total() == KILLS
    assert all(outcome.points[point] for point in POINTS)
