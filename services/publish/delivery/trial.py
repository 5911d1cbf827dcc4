"""A trial: one harmless call to a destination, now, whatever its state."""

from dataclasses import dataclass
from time import monotonic

import httpx

from services.publish.delivery.channel import Channel, Testable, Unprepared


@dataclass(frozen=True, slots=True)
class Tried:
    """What it came to. `status` is None when there was no answer; `verdict` done = it works."""

    status: int | None
    ms: int
    verdict: str
    error: str


async def tried(channel: Channel) -> Tried | None:
    """Make the call; None when the channel knows no harmless one."""
    if not isinstance(channel, Testable):
        return None
    began = monotonic()
    try:
        answer: httpx.Response | Exception = await channel.test()
    except Unprepared as error:
        ms = round((monotonic() - began) * 1000)
        return Tried(None, ms, error.outcome.verdict, error.outcome.error)
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        answer = error
    ms = round((monotonic() - began) * 1000)
    outcome = channel.classify(answer, "put")
    status = answer.status_code if isinstance(answer, httpx.Response) else None
    return Tried(status, ms, outcome.verdict, outcome.error)
