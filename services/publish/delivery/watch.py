"""What a call says about its destination: its health, and a log line when operators should know."""

from collections.abc import Callable, Collection, Mapping

import structlog

from services.publish.delivery.breaker import Health, News, after_failure, after_success, news
from services.publish.delivery.destinations import Destinations
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
        await _stop(destinations, name, outcome)
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


async def _stop(destinations: Destinations, name: str, outcome: Outcome) -> None:
    """An answer that asks for a person. 410 says that nobody lives there any more."""
    if await destinations.stop(name, "disabled" if outcome.gone else "paused", outcome.error):
        happened = Happened.DESTINATION_DISABLED if outcome.gone else Happened.DESTINATION_PAUSED
        log.error(happened, destination=name, reason=outcome.error)
