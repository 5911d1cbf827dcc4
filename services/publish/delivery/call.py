"""One call, or one look, at a channel: whatever its code does, an outcome comes of it."""

from dataclasses import replace

import httpx
import structlog

from services.publish.delivery.answers import GONE
from services.publish.delivery.channel import (
    Announcement,
    Channel,
    Naming,
    Preparing,
    Rendered,
    Unprepared,
    Unsaid,
)
from services.publish.delivery.message_key import message_key
from services.publish.delivery.row import Outcome, Row, park
from services.publish.delivery.step import Step, step_of
from shared.errors import Rejected
from shared.logs import Happened

LOST = (httpx.HTTPError, httpx.InvalidURL, OSError)
"""What a call may raise; any other error is a bug."""
SKEW_MS = 5 * 60_000
"""How far the platform's clock may be behind ours."""
log = structlog.get_logger()


async def carry_out(row: Row, channel: Channel, announcement: Announcement) -> Outcome:
    """Make the next call of a leased row. A bug of the channel is an outcome too, and is logged."""
    step = step_of(row, channel.caps)
    return step if isinstance(step, Outcome) else await _taken(step, row, channel, announcement)


async def _taken(step: Step, row: Row, channel: Channel, announcement: Announcement) -> Outcome:
    is_sent = False
    try:
        if step == "find":
            return await _seen(row, channel, announcement.url)
        if step != "delete" and isinstance(channel, Preparing):
            await channel.prepare()
        post = channel.render(announcement)
        is_sent = True
        return await _sent(step, row, channel, post)
    except Unprepared as error:
        return error.outcome
    except Unsaid:
        return Outcome("done", reached=False)
    except Rejected as error:
        return Outcome("broken", f"{type(error).__name__}: {error}", reached=is_sent)
    except Exception as error:  # noqa: BLE001  # a plug's bug ends one row, not the courier
        return broken(row, error, reached=is_sent)


def named(row: Row, channel: Channel, now: int) -> Row:
    """The leased row with a name for its new post, where the channel names posts itself."""
    if not isinstance(channel, Naming):
        return row
    try:
        return replace(row, remote_id=channel.name(row.uri, now))
    except Exception as error:  # noqa: BLE001  # as above
        return park(row, "dead", broken(row, error, reached=False).error)


def broken(row: Row, error: Exception, *, reached: bool) -> Outcome:
    """The outcome that a bug comes to. The log has its traceback."""
    log.error(
        Happened.DELIVERY_BROKEN,
        destination=row.destination,
        uri=row.uri,
        version=row.sending_version,
        exc_info=error,
    )
    return Outcome("broken", f"bug: {error!r}", reached=reached)


async def _sent(step: Step, row: Row, channel: Channel, post: Rendered) -> Outcome:
    """The first outcome that is not done, if any. A kill goes to every post that stands there."""
    key = message_key(row.uri, row.sending_version, row.sending_op, row.destination, row.copy)
    act = {
        "deliver": channel.deliver,
        "edit": channel.edit,
        "delete": channel.delete,
        "notice": channel.edit,
    }[step]
    is_ours_to_name = channel.caps.idempotency == "name"
    names = [""] if step == "deliver" and not is_ours_to_name else row.remote_id.split(" ")
    outcome, is_proof = Outcome("done"), True
    for name in names if row.sending_op == "kill" else names[-1:]:
        try:
            answer: httpx.Response | Exception = await act(post, key, name)
        except LOST as error:
            answer = error
        outcome = channel.classify(answer, row.sending_op)
        is_closed = outcome.verdict == "stopped" and not outcome.gone  # the way, not the post
        if step == "edit" and channel.caps.has_ids and _is_gone(answer) and not is_closed:
            return Outcome("missing", "what was to be edited is not there any more")
        if outcome.verdict != "done":
            return outcome
        is_proof &= outcome.is_proof
    return replace(outcome, is_proof=is_proof)


def _is_gone(answer: httpx.Response | Exception) -> bool:
    return isinstance(answer, httpx.Response) and answer.status_code in GONE


async def _seen(row: Row, channel: Channel, url: str) -> Outcome:
    """Whether a post without a known name stands there; or, to prove a kill, any at all."""
    known = row.remote_id.split(" ")
    is_proof = row.is_kill and row.state != "sending"
    if not is_proof and channel.caps.idempotency != "name":
        outcome = await _found(row, channel, url, "")
        if outcome.verdict != "there":
            return outcome
        new = [name for name in outcome.remote_id.split() if name not in known]
        return replace(outcome, remote_id=" ".join(new)) if new else Outcome("missing")
    for name in known:
        outcome = await _found(row, channel, url, name)
        if outcome.verdict != "missing":
            return outcome
    return Outcome("missing")


async def _found(row: Row, channel: Channel, url: str, name: str) -> Outcome:
    try:
        return await channel.find(url, name, max(0, row.lost_since - SKEW_MS))
    except LOST as error:
        return channel.classify(error, row.sending_op)
