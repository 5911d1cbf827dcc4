"""What a call says about its destination: its health, and a log line when operators should know."""

from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from typing import Literal

import structlog

from services.publish.delivery.breaker import Health, News, after_failure, after_success, news
from services.publish.delivery.destinations import Destination, Destinations
from services.publish.delivery.row import Outcome
from services.publish.delivery.told import SEEN
from shared.logs import Happened

HAPPENED: Mapping[News, Happened] = {
    "fails": Happened.DESTINATION_FAILING,
    "rests": Happened.DESTINATION_BREAKER_OPENED,
    "rests_no_more": Happened.DESTINATION_BREAKER_CLOSED,
    "disabled": Happened.DESTINATION_DISABLED,
    "enabled": Happened.DESTINATION_ENABLED,
    "well_again": Happened.DELIVERY_RECOVERED,
}
GOOD: Collection[News] = ("rests_no_more", "enabled", "well_again")
log = structlog.get_logger()


async def note(
    destinations: Destinations, name: str, outcome: Outcome, now: int, *, is_erratic: bool = False
) -> Health:
    """Keep what the outcome of a call says about the destination, and tell what is new in it.

    `is_erratic`: half of its calls failed lately. Returns how it is doing now.
    """
    if outcome.verdict == "stopped":
        await _stop(destinations, name, outcome, now)
        return await destinations.health(name)
    before, after = await destinations.note(name, _rule(outcome, now, is_erratic=is_erratic))
    for item in news(before, after):
        _tell(item, name, after if after.failures else before, now)
    return after


def _tell(item: News, name: str, health: Health, now: int) -> None:
    tell = log.info if item in GOOD else log.warning
    tell(
        HAPPENED[item],
        destination=name,
        reason=health.error,
        failures=health.failures,
        failing_s=(now - health.failing_since) // 1000,
    )


def _rule(outcome: Outcome, now: int, *, is_erratic: bool) -> Callable[[Health], Health]:
    if outcome.verdict in ("done", *SEEN):
        return lambda health: after_success(health, now)
    return lambda health: after_failure(health, outcome.error, now, is_erratic=is_erratic)


async def end_pauses(
    destinations: Destinations, known: Mapping[str, Destination], now: datetime
) -> None:
    """Let those go on whose pause ends by itself."""
    for name in [name for name, one in known.items() if one.is_pause_over(now)]:
        if await destinations.end_pause(name, now):
            log.info(Happened.DESTINATION_RESUMED, destination=name, by="clock")


async def _stop(destinations: Destinations, name: str, outcome: Outcome, now: int) -> None:
    """An answer that asks for a person, or for time. 410 says that nobody lives there any more."""
    end = now + outcome.stop_ms
    until = datetime.fromtimestamp(end / 1_000, UTC) if outcome.stop_ms else None
    state: Literal["paused", "disabled"] = "disabled" if outcome.gone else "paused"
    if await destinations.stop(name, state, outcome.error, until):
        happened = Happened.DESTINATION_DISABLED if outcome.gone else Happened.DESTINATION_PAUSED
        log.error(happened, destination=name, reason=outcome.error)
