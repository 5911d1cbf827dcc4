"""How long a platform wants no more calls."""

import pytest
from hypothesis import given, strategies as st

from services.publish.social.budget import MOST_REST_MS, as_ms, rest_ms

NOW = 1_795_000_000_000


@pytest.mark.parametrize(
    ("headers", "rest"),
    [
        ({}, 0),
        ({"x-ratelimit-remaining": "1", "x-ratelimit-reset-after": "60"}, 0),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset-after": "1.5"}, 1_500),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1795000030"}, 30_000),
        (
            {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "2026-11-18T11:09:20.000Z"},
            160_000,
        ),
        ({"ratelimit-remaining": "0", "ratelimit-reset": "1795000300"}, 300_000),
        ({"ratelimit-remaining": "0", "ratelimit-reset": "120"}, 120_000),
        ({"ratelimit-remaining": "0", "ratelimit-reset": "1794999999"}, 0),
        ({"ratelimit-remaining": "0", "ratelimit-reset": "1895000000"}, MOST_REST_MS),
        ({"x-ratelimit-remaining": "none", "x-ratelimit-reset": "1795000300"}, 0),
        ({"x-ratelimit-remaining": "0"}, 0),
        ({"x-rate-limit-remaining": "0", "x-rate-limit-reset": "1795000030"}, 30_000),
        (
            {"x-user-limit-24hour-remaining": "0", "x-user-limit-24hour-reset": "1795000300"},
            300_000,
        ),
    ],
)
def test_a_budget_that_is_used_up_says_for_how_long(headers: dict[str, str], rest: int) -> None:
    assert rest_ms(headers, NOW) == rest


@given(st.text(max_size=30), st.text(max_size=30), st.text(max_size=30))
def test_whatever_a_header_says_a_rest_is_an_hour_at_most(
    left: str, reset: str, after: str
) -> None:
    headers = {
        "x-ratelimit-remaining": left,
        "x-ratelimit-reset": reset,
        "x-ratelimit-reset-after": after,
    }
    assert 0 <= rest_ms(headers, NOW) <= MOST_REST_MS


@pytest.mark.parametrize(
    "seconds", [None, True, "soon", [], float("inf"), float("nan"), -1, "1e999"]
)
def test_what_is_no_wait_is_none(seconds: object) -> None:
    assert as_ms(seconds) == 0
