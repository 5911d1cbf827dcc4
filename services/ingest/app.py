"""Wiring of ingest: newsroom systems in, `article.received` out."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import Field, PositiveInt

from services.ingest import openapi
from services.ingest.admission import Admission
from services.ingest.intake import Intake
from services.ingest.ledger import Ledger
from services.ingest.release import Release
from services.ingest.sources.http_api import HttpApi
from services.ingest.sources.stream import GROUP, Inbox
from shared.bus import Bus
from shared.doorkeeper import Doorkeeper, Entrance
from shared.hop import StreamSettings
from shared.keyring import Keyring
from shared.redis import RedisSettings
from shared.service import Service
from shared.settings import Settings
from shared.streams import INBOX, Keys


class IngestSettings(Entrance):
    """Settings `[ingest]`; the defaults file says what each means."""

    max_body_bytes: PositiveInt
    max_memory_share: Annotated[float, Field(gt=0, le=1)]


def build(settings: Settings) -> Service:
    """The service, not started. Call inside a running event loop."""
    own = settings.section("ingest", IngestSettings)
    streams = settings.section("streams", StreamSettings)
    url = settings.section("redis", RedisSettings).url.get_secret_value()

    bus = Bus(url, streams)
    intake = Intake(Ledger(bus.redis, Keys(streams.partitions)), lambda: datetime.now(UTC))
    bus.hop([INBOX], GROUP, Inbox(intake))
    admission = Admission(bus.redis, own.max_memory_share)
    keyring = Keyring(bus.redis, own.plain_keys)
    api = HttpApi(intake, Doorkeeper(keyring), admission, max_body_bytes=own.max_body_bytes)
    return Service(
        "ingest",
        bus,
        [openapi.route(), *api.routes()],
        background=[admission.watch(), Release(intake).watch()],
    )
