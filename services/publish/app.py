"""Wiring of publish: `article.enriched` in; live pages, lists and feeds, then the news of it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic, time_ns

from redis.exceptions import RedisError
from starlette.applications import Starlette
from starlette.routing import Mount

from services.publish import channels
from services.publish.announce import GROUP, Announce
from services.publish.changes.api import ChangesApi
from services.publish.changes.gate import ChangesSettings, Gate
from services.publish.changes.log import ChangeLog
from services.publish.changes.watch import Watch
from services.publish.delivery.announcer import Announcer
from services.publish.delivery.configured import configured, settle
from services.publish.delivery.destinations import Destinations
from services.publish.delivery.enrol import Plugs
from services.publish.delivery.ledger import Ledger
from services.publish.delivery.line import Lines
from services.publish.delivery.office import Office
from services.publish.delivery.postroom import GROUP as DELIVER, Postroom
from services.publish.delivery.rota import Rota
from services.publish.delivery.withdrawals import Withdrawals, WithdrawalSettings
from services.publish.desk import Desk
from services.publish.dirty import Dirty
from services.publish.documents import Documents
from services.publish.expiry import Expiry
from services.publish.live import Site
from services.publish.relinking import Relinking
from services.publish.site.build import Builder, Feed, find_feeds
from services.publish.site.files import Files
from services.publish.site.outlets import Outlets
from services.publish.site.pages import Pages
from services.publish.site.policy import CONTENT_SECURITY_POLICY
from services.publish.site.serve import site_app
from services.publish.subscriptions.wiring import subscription_routes
from services.publish.withdrawal_watch import WithdrawalWatch
from shared.bus import Bus
from shared.doorkeeper import Entrance
from shared.errors import Misconfigured
from shared.hop import StreamSettings
from shared.http import HttpSettings, public_client
from shared.plugs import find_plugs
from shared.process_name import process_name
from shared.redis import RedisSettings, is_outage
from shared.service import Service
from shared.settings import Settings
from shared.streams import ENRICHED, PUBLISHED, Keys

OPEN_SECONDS = 0.5


class SiteSettings(Site):
    """Settings `[site]`: the newspaper, and where its files are written."""

    folder: str


def build(settings: Settings, now: Callable[[], int] | None = None) -> Service:
    """The service, not started. Call inside a running event loop. `now` is its couriers' clock."""
    own = settings.section("publish", Entrance)
    streams, site = settings.section("streams", StreamSettings), _site(settings, own)
    url = settings.section("redis", RedisSettings).url.get_secret_value()

    bus, keys, wake = Bus(url, streams), Keys(streams.partitions), asyncio.Event()
    desk, changes = Desk(bus.redis, keys, site.timezone), ChangeLog(bus.redis, keys)
    feeds = find_feeds()
    builder = _builder(site, desk, Dirty(bus.redis, keys), changes, feeds)
    announce = Announce(desk, builder, keys, wake=wake, clock=_now)
    bus.hop(keys.streams(ENRICHED), GROUP, announce)
    plugs = find_plugs(channels)
    in_file = configured(settings, plugs, _now())
    postroom = _postroom(settings, bus, keys, Announcer(desk, site), plugs, now or _now_ms)
    withdrawals = _watch(settings, bus, keys, desk, _outlets(site, desk, feeds))
    bus.hop(keys.streams(PUBLISHED), DELIVER, postroom)
    watch = Watch(changes)
    return Service(
        "publish",
        bus,
        [
            *ChangesApi(changes, watch, _gate(settings), site).routes(),
            *Documents(desk, changes, site).routes(),
            *subscription_routes(settings, bus.redis, keys, plugs),
            Mount("/", _files(site, feeds)),
        ],
        background=[
            _as_soon_as_redis_answers(builder.open),
            *builder.keepers(wake),
            Expiry(desk, wake, _now).watch(),
            Relinking(bus.redis, keys, desk, Files(Path(site.folder)), wake).watch(),
            postroom.keep_couriers(),
            postroom.watch(),
            watch.run(),
            withdrawals.run(),
        ],
        prepare=lambda: _as_soon_as_redis_answers(lambda: settle(Destinations(bus.redis), in_file)),
        before_stop=watch.end,
    )


def _gate(settings: Settings) -> Gate:
    return Gate(settings.section("changes", ChangesSettings), monotonic)


def _outlets(site: SiteSettings, desk: Desk, feeds: Mapping[str, Feed]) -> Outlets:
    return Outlets(Path(site.folder), desk, [feed.FILE_NAME for feed in feeds.values()])


def _builder(
    site: SiteSettings, desk: Desk, dirty: Dirty, changes: ChangeLog, feeds: Mapping[str, Feed]
) -> Builder:
    return Builder(
        site,
        desk,
        dirty,
        Files(Path(site.folder)),
        changes,
        pages=lambda sections: Pages(site, sections),
        feeds=feeds,
        clock=_now,
    )


def _postroom(
    settings: Settings,
    bus: Bus,
    keys: Keys,
    announcer: Announcer,
    plugs: Plugs,
    now: Callable[[], int],
) -> Postroom:
    ledger = Ledger(bus.redis, keys)
    office = Office(
        ledger,
        Destinations(bus.redis),
        Lines(bus.redis, ledger),
        announcer,
        announcer.is_current,
        now,
    )
    own = settings.section("http", HttpSettings)
    return Postroom(
        office,
        keys,
        rota=Rota(bus.redis, process_name() or bus.consumer),
        channels=plugs,
        http=lambda: public_client(own),
        clock=_now,
    )


def _watch(
    settings: Settings, bus: Bus, keys: Keys, desk: Desk, outlets: Outlets
) -> WithdrawalWatch:
    own = settings.section("withdrawals", WithdrawalSettings)
    return WithdrawalWatch(
        Withdrawals(bus.redis, keys),
        Ledger(bus.redis, keys),
        Destinations(bus.redis),
        desk,
        outlets,
        proof_seconds=own.proof_seconds,
        now=_now_ms,
    )


def _now() -> datetime:
    return datetime.now(UTC)


def _now_ms() -> int:
    return time_ns() // 1_000_000


def _site(settings: Settings, own: Entrance) -> SiteSettings:
    """The newspaper; without an address of its own it is where this service listens."""
    site = settings.section("site", SiteSettings)
    if not site.folder:
        raise Misconfigured("[site] folder: say where the website is written")
    host = f"[{own.host}]" if ":" in own.host else own.host
    return site.model_copy(update={"base_url": site.base_url or f"http://{host}:{own.port}"})


def _files(site: SiteSettings, feeds: Mapping[str, Feed]) -> Starlette:
    return site_app(
        Path(site.folder),
        policy=CONTENT_SECURITY_POLICY,
        not_found=Pages(site).not_found(),
        media_types={feed.FILE_NAME: feed.MEDIA_TYPE for feed in feeds.values()},
    )


async def _as_soon_as_redis_answers(work: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            await work()
        except (RedisError, OSError) as error:
            if not is_outage(error):
                raise
            await asyncio.sleep(OPEN_SECONDS)
        else:
            return
