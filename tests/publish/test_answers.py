"""What a destination's answer means."""

from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime

import httpx
import pytest
from hypothesis import given, strategies as st

from services.publish.delivery.answers import read_answer
from services.publish.delivery.row import OPS, Op, Outcome
from shared.http import AddressRefused

NOW = 1_795_397_400_000
SIX_HOURS = 6 * 3_600_000


def read(status: int, op: Op = "put", content: bytes = b"", **headers: str) -> Outcome:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return read_answer(httpx.Response(status, headers=named, content=content), op, NOW)


@pytest.mark.parametrize(
    ("statuses", "put", "kill"),
    [
        ((200, 201, 202, 204, 299), "done", "done"),
        ((301, 302, 303, 307, 308, 399), "refused", "refused"),
        ((400, 405, 406, 409, 413, 415, 422, 451), "refused", "refused"),
        ((404,), "refused", "done"),
        ((410,), "stopped", "done"),
        ((401, 403), "stopped", "stopped"),
        ((408, 425, 429, 503), "retry", "retry"),
        ((500, 501, 502, 504, 599), "unknown", "unknown"),
        ((199, 600, 999), "refused", "refused"),
    ],
)
def test_every_status_has_one_meaning(statuses: tuple[int, ...], put: str, kill: str) -> None:
    assert {read(status, "put").verdict for status in statuses} == {put}
    assert {read(status, "kill").verdict for status in statuses} == {kill}


@given(st.integers(100, 999), st.sampled_from(OPS))
def test_only_success_leaves_no_error(status: int, op: Op) -> None:
    outcome = read(status, op)
    assert (outcome.verdict == "done") == (outcome.error == "")


@pytest.mark.parametrize("op", OPS)
@pytest.mark.parametrize(
    "error",
    [
        httpx.ConnectError("refused"),
        httpx.ConnectTimeout(""),
        httpx.ReadTimeout(""),
        httpx.WriteTimeout(""),
        httpx.ReadError(""),
        httpx.RemoteProtocolError("no HTTP"),
        ConnectionResetError(104, "reset"),
        TimeoutError(),
    ],
)
def test_a_failing_network_is_named_and_may_have_taken_the_call_with_it(
    error: Exception, op: Op
) -> None:
    outcome = read_answer(error, op, NOW)
    assert outcome.verdict in ("retry", "unknown")
    assert outcome.reached == (outcome.verdict == "unknown")
    assert type(error).__name__ in outcome.error


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        (httpx.ConnectError("refused"), "retry"),
        (httpx.ConnectTimeout(""), "retry"),
        (httpx.PoolTimeout(""), "retry"),
        (httpx.ReadTimeout(""), "unknown"),
        (httpx.WriteError(""), "unknown"),
        (httpx.RemoteProtocolError(""), "unknown"),
        (ConnectionResetError(), "unknown"),
        (AddressRefused("not public"), "stopped"),
    ],
)
def test_only_what_was_surely_not_sent_is_surely_not_there(error: Exception, verdict: str) -> None:
    assert read_answer(error, "put", NOW).verdict == verdict


@pytest.mark.parametrize("error", [AddressRefused("not public"), httpx.InvalidURL("no port")])
def test_an_address_that_may_not_be_called_needs_a_person(error: Exception) -> None:
    outcome = read_answer(error, "put", NOW)
    assert (outcome.verdict, outcome.error) == ("stopped", str(error))


def test_a_bug_is_not_taken_for_an_answer() -> None:
    with pytest.raises(KeyError):
        read_answer(KeyError("headline"), "put", NOW)


@pytest.mark.parametrize(
    ("asked", "wait_ms"),
    [
        ("5", 5_000),
        (" 120 ", 120_000),
        ("0", 0),
        ("21601", SIX_HOURS),
        ("9" * 5_000, SIX_HOURS),
        ("", 0),
        ("-5", 0),
        ("1.5", 0),
        ("soon", 0),
        ("٥", 0),
        ("Mon, 99 Foo 2026 99:99:99 GMT", 0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", SIX_HOURS),
        (f"Fri, 31 Dec {'9' * 30} 23:59:59 GMT", 0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
    ],
)
def test_retry_after_is_heard_within_reason(asked: str, wait_ms: int) -> None:
    answer = httpx.Response(429, headers={b"retry-after": asked.encode()})
    assert read_answer(answer, "put", NOW).after_ms == wait_ms


@pytest.mark.parametrize("zone", [UTC, timezone(timedelta(hours=8))])
def test_retry_after_may_be_a_date(zone: timezone) -> None:
    when = datetime.fromtimestamp(NOW / 1_000, zone) + timedelta(minutes=3)
    assert read(503, retry_after=format_datetime(when)).after_ms == 180_000


@given(st.text(max_size=40))
def test_no_retry_after_breaks_the_table(asked: str) -> None:
    answer = httpx.Response(503, headers={b"retry-after": asked.encode()})
    assert 0 <= read_answer(answer, "put", NOW).after_ms <= SIX_HOURS


def test_a_refusal_has_no_wait_of_its_own() -> None:
    assert read(422, retry_after="60").after_ms == 0


def test_the_receivers_words_are_shown_in_one_short_harmless_line() -> None:
    words = "欄位\n有誤\x1b[31m\u202e" + "長" * 5_000
    error = read(422, content=words.encode() + b"\xff").error
    assert error.startswith("422 Unprocessable Entity: 欄位 有誤[31m長長")
    assert len(error) <= 200
    assert read(500).error == "500 Internal Server Error"
