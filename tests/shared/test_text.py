"""Excerpts as an editor would cut them."""

import pytest
from hypothesis import given, strategies as st

from shared.text import excerpt


@pytest.mark.parametrize(
    ("text", "columns", "expected"),
    [
        ("市府今天宣布。", 40, "市府今天宣布。"),
        ("市府今天宣布。明年起全面實施，分三年完成。", 20, "市府今天宣布。"),
        ("他說：「明年實施。」之後離席，記者會結束。", 24, "他說：「明年實施。」"),
        ("明年起全面實施分三年完成", 12, "明年起全面…"),
        ("The council decided to close the bridge", 24, "The council decided to…"),
        ("第一段\n第二段", 40, "第一段第二段"),
        ("first\nsecond", 40, "first second"),
        ("", 40, ""),
    ],
)
def test_an_excerpt_ends_where_a_reader_pauses(text: str, columns: int, expected: str) -> None:
    assert excerpt(text, columns=columns) == expected


def test_an_excerpt_never_tears_a_composed_character() -> None:
    family = "👨\u200d👩\u200d👧"
    assert excerpt(f"全家福{family}{family}", columns=12) == "全家福…"


@given(text=st.text(max_size=300), columns=st.integers(4, 60))
def test_an_excerpt_is_never_longer_than_asked_and_in_one_line(text: str, columns: int) -> None:
    short = excerpt(text, columns=columns)
    assert len(short) <= columns
    assert "\n" not in short
