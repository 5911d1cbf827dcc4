"""Wiring of the API of subscribers."""

from datetime import UTC, datetime

from redis.asyncio import Redis
from starlette.routing import Route

from services.publish.delivery.call_log import CallLog
from services.publish.delivery.destinations import Destinations
from services.publish.delivery.enrol import Plugs
from services.publish.delivery.ledger import Ledger
from services.publish.delivery.line import Lines
from services.publish.delivery.survey import Survey
from services.publish.subscriptions import openapi
from services.publish.subscriptions.api import SubscriptionApi
from services.publish.subscriptions.keeping import Keeping
from shared.doorkeeper import Doorkeeper, Entrance
from shared.http import HttpSettings, public_client
from shared.keyring import Keyring
from shared.settings import Settings
from shared.streams import Keys


def subscription_routes(settings: Settings, redis: Redis, keys: Keys, plugs: Plugs) -> list[Route]:
    """All routes, to be mounted at the root before those of the site."""
    http, own = settings.section("http", HttpSettings), settings.section("publish", Entrance)
    destinations, ledger = Destinations(redis), Ledger(redis, keys)
    keeping = Keeping(destinations, plugs, http.allow_networks, lambda: datetime.now(UTC))
    survey = Survey(destinations, ledger, Lines(redis, ledger), _millis)
    api = SubscriptionApi(keeping, survey, CallLog(redis, keys), lambda: public_client(http))
    return [openapi.route(), *api.routes(Doorkeeper(Keyring(redis, own.plain_keys)))]


def _millis() -> int:
    return int(datetime.now(UTC).timestamp() * 1000)
