"""How a secret is changed: never a gap, never a third one, and the old one ends by itself."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, strategies as st

from services.publish.delivery.rotation import MAX_OVERLAP_HOURS, NoRoom, live, rotated

NOW = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
DAY = timedelta(hours=24)
PAUSES = st.timedeltas(timedelta(0), timedelta(days=9))
OVERLAPS = st.timedeltas(timedelta(0), timedelta(hours=MAX_OVERLAP_HOURS))


def good(settings: dict[str, Any], now: datetime) -> list[str]:
    until = settings.get("old_until")
    return list(live(settings["secrets"], datetime.fromisoformat(until) if until else None, now))


def test_both_are_good_for_as_long_as_was_said_and_then_the_new_one_alone() -> None:
    settings = rotated({"secrets": ["old"], "url": "u"}, "new", NOW, DAY)
    assert settings["url"] == "u"
    assert good(settings, NOW) == ["new", "old"]
    assert good(settings, NOW + DAY - timedelta(microseconds=1)) == ["new", "old"]
    assert good(settings, NOW + DAY) == ["new"]


def test_without_an_overlap_the_old_one_ends_at_once() -> None:
    assert good(rotated({"secrets": ["old"]}, "new", NOW, timedelta(0)), NOW) == ["new"]


def test_a_third_has_no_room_until_the_old_one_has_ended() -> None:
    settings = rotated({"secrets": ["old"]}, "new", NOW, DAY)
    with pytest.raises(NoRoom, match="two secrets are good already, until 2026-11-24 01:30 UTC"):
        rotated(settings, "newer", NOW + timedelta(hours=23), DAY)
    assert good(rotated(settings, "newer", NOW + DAY, DAY), NOW + DAY) == ["newer", "new"]


def test_two_that_leaked_are_ended_at_once() -> None:
    settings = rotated({"secrets": ["old"]}, "new", NOW, DAY)
    assert good(rotated(settings, "newest", NOW, timedelta(0)), NOW) == ["newest"]


def test_two_without_an_end_are_both_good_for_ever_and_leave_no_room() -> None:
    settings = {"secrets": ["new", "old"]}
    assert good(settings, NOW + 1000 * DAY) == ["new", "old"]
    with pytest.raises(NoRoom, match="both for ever"):
        rotated(settings, "newer", NOW, DAY)


@given(st.lists(st.tuples(PAUSES, OVERLAPS), max_size=20))
def test_whatever_is_rotated_when_the_newest_is_good_and_two_at_most(
    story: list[tuple[timedelta, timedelta]],
) -> None:
    settings: dict[str, Any] = {"secrets": ["secret 0"]}
    now, newest = NOW, "secret 0"
    for number, (pause, overlap) in enumerate(story, 1):
        now += pause
        before = good(settings, now)
        try:
            settings = rotated(settings, f"secret {number}", now, overlap)
        except NoRoom:
            assert len(before) == 2
        else:
            newest = f"secret {number}"
            assert newest in good(settings, now)
            assert len(settings["secrets"]) <= 2
            assert not overlap or before[0] in good(settings, now)
        assert good(settings, now)[0] == newest
        assert good(settings, now + timedelta(hours=MAX_OVERLAP_HOURS)) == [newest]
