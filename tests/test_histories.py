"""Ingest and the desk together: what ingest lets go, in any order, ends where ingest ended."""

from datetime import datetime
from random import Random
from zoneinfo import ZoneInfo

from hypothesis import given, settings, strategies as st

from services.publish.desk_row import Row
from services.publish.desk_rule import decide
from shared.article import Article
from tests.ingest.histories import AFTER_ALL, World, arrivals, histories

TAIPEI = ZoneInfo("Asia/Taipei")
STATES = {"live": "live", "withheld": "withheld", "gone": "killed"}
LIVES = histories().flatmap(arrivals)


@settings(max_examples=300)
@given(LIVES, st.randoms(use_true_random=False))
def test_what_ingest_lets_go_ends_on_the_desk_where_it_ended_in_ingest(
    arriving: list[tuple[Article, datetime]], random: Random
) -> None:
    world = World()
    world.live(arriving)
    emitted = [*world.left, *random.choices(world.left, k=2)]
    random.shuffle(emitted)
    row = on_the_desk(emitted)
    assert world.known
    assert (STATES[row.state], row.version) == (world.known.state, world.known.version)


@settings(max_examples=300)
@given(LIVES, st.randoms(use_true_random=False))
def test_any_order_of_what_ingest_lets_go_tells_readers_the_same(
    arriving: list[tuple[Article, datetime]], random: Random
) -> None:
    world = World()
    world.live(arriving)
    emitted = list(world.left)
    random.shuffle(emitted)
    notes = [[note.version for note in on_the_desk(e).notes] for e in (emitted, world.left)]
    assert notes[0] == notes[1]


def on_the_desk(events: list[Article]) -> Row:
    row: Row | None = None
    for event in events:
        row = decide(row, event, now=AFTER_ALL, zone=TAIPEI).row
    assert row
    return row
