"""What the answer of a destination means, where its channel knows no better.

answer                              outcome
2xx                                 done
404, 410 to a kill                  done: it is gone already
401, 403                            stopped: the destination needs a person
410 to a put                        stopped, and gone: it wants no more calls
address refused                     stopped
408, 425, 429, 503                  retry, not before its Retry-After
other 5xx                           unknown: it may have been taken before something broke
3xx                                 refused: redirects are not followed
other                               refused: this version is not wanted there
no connection                       retry: nothing was sent
connection lost, no answer in time  unknown

What becomes of what is unknown is the business of `settle.py`: mostly it is just tried again.
"""

from collections.abc import Collection
from datetime import UTC
from email.utils import parsedate_to_datetime

import httpx

from services.publish.delivery.retry import MAX_RETRY_AFTER, SECOND
from services.publish.delivery.row import Op, Outcome
from shared.http import AddressRefused

LATER: Collection[int] = frozenset({408, 425, 429, 503})
FORBIDDEN: Collection[int] = frozenset({401, 403})
GONE: Collection[int] = frozenset({404, 410})
SUCCESS, REDIRECT, TROUBLE = range(200, 300), range(300, 400), range(500, 600)
MAX_ERROR_CHARS = 200
MAX_DIGITS = 9

Unsent = httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout
Lost = httpx.HTTPError | OSError


def read_answer(answer: httpx.Response | Exception, op: Op, now: int) -> Outcome:
    """What came of a call. `now` is in milliseconds, for a Retry-After that is a date.

    An exception that is none of the network's is a bug, and is raised again.
    """
    if isinstance(answer, httpx.Response):
        return _of_response(answer, op, now)
    if isinstance(answer, AddressRefused | httpx.InvalidURL):
        return Outcome("stopped", str(answer), reached=False)
    if not isinstance(answer, Lost):
        raise answer
    error = _plain(f"{type(answer).__name__}: {answer}")
    sent = not isinstance(answer, Unsent)
    return Outcome("unknown" if sent else "retry", error, reached=sent)


def _of_response(answer: httpx.Response, op: Op, now: int) -> Outcome:
    status = answer.status_code
    if status in SUCCESS:
        return Outcome("done")
    if op == "kill" and status in GONE:
        return Outcome("done", is_proof=True)
    if status in LATER:
        return Outcome("retry", _said(answer), after_ms=retry_after(answer, now))
    if status in TROUBLE:
        return Outcome("unknown", _said(answer), after_ms=retry_after(answer, now))
    if status in REDIRECT:
        return Outcome("refused", f"{status}: redirects are not followed; enter the new address")
    gone = status == httpx.codes.GONE
    stops = status in FORBIDDEN or gone
    return Outcome("stopped" if stops else "refused", _said(answer), gone=gone)


def retry_after(answer: httpx.Response, now: int) -> int:
    """Milliseconds the destination asks us to wait: seconds or a date; 0 without, 6 h at most."""
    asked = answer.headers.get("retry-after", "").strip()
    if asked.isascii() and asked.isdigit():
        wait = int(asked[:MAX_DIGITS]) * SECOND
    else:
        wait = _instant(asked, now) - now
    return min(max(wait, 0), MAX_RETRY_AFTER)


def _instant(date: str, now: int) -> int:
    """An HTTP date in milliseconds since 1970, or `now` when it is none."""
    try:
        when = parsedate_to_datetime(date)
        return int((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp() * SECOND)
    except (ValueError, OverflowError):
        return now


def _said(answer: httpx.Response) -> str:
    """The status and the first words of the answer, for a person."""
    words = answer.content[: 4 * MAX_ERROR_CHARS].decode(errors="replace")
    return _plain(f"{answer.status_code} {answer.reason_phrase}: {words}").rstrip(": ")


def _plain(text: str) -> str:
    """One short line without control characters: it was written by a stranger."""
    line = " ".join(text.split())
    return "".join(sign for sign in line if sign.isprintable())[:MAX_ERROR_CHARS]
