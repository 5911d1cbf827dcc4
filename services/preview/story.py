"""The story of a preview: a file as enrich and the desk would make it, or a story that is live."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from pydantic import ConfigDict
from redis.asyncio import Redis

from services.enrich.pipeline import Pipeline
from services.preview.learning import ignorant
from services.publish.delivery.destinations import Destination, Destinations
from services.publish.delivery.ledger import Ledger
from services.publish.delivery.row import Row
from services.publish.desk import Desk
from services.publish.desk_rule import decide
from services.publish.live import LiveArticle, Site
from shared.article import Article
from shared.errors import Rejected
from shared.settings import Settings
from shared.streams import Keys

NOWHERE = "http://127.0.0.1:8080"


class Printed(Site):
    """Settings `[site]`, as far as addresses need them."""

    model_config = ConfigDict(frozen=True, extra="ignore")


@dataclass(frozen=True)
class Told:
    """What destinations would be told, and what they have of it already."""

    live: LiveArticle
    url: str
    destinations: Mapping[str, Destination] = field(default_factory=dict)
    rows: Mapping[str, Row] = field(default_factory=dict)
    remark: str = ""

    def is_first(self, destination: str) -> bool:
        """Whether it has never had the story."""
        row = self.rows.get(destination)
        return row is None or row.is_first


def alone(article: Article, settings: Settings) -> Told:
    """A story where nothing runs: enriched by what stands in it alone, and never seen before."""
    site = settings.section("site", Printed)
    enriched = ignorant(settings).enrich(article)
    decision = decide(None, enriched, now=datetime.now(UTC), zone=site.timezone)
    remark = "nothing runs here: the address and the tags are guesses"
    live = _shown(decision.row.live)
    return Told(live, _url(site, NOWHERE, live), remark=remark)


@dataclass(frozen=True)
class Newsroom:
    """An installation, as a preview looks at it. `address` is that of its website."""

    settings: Settings
    redis: Redis
    keys: Keys
    address: str

    @property
    def site(self) -> Site:
        """The newspaper."""
        return self.settings.section("site", Printed)

    @property
    def desk(self) -> Desk:
        """What readers see."""
        return Desk(self.redis, self.keys, self.site.timezone)

    async def standing(self, uri: str) -> Told:
        """A story that was published here. Raises Rejected when readers would not see it."""
        row = await self.desk.row(uri)
        if row is None:
            raise Rejected(f"no file, and no story that was published here: {uri}")
        return await self._told(row.live, "")

    async def coming(self, article: Article, pipeline: Pipeline) -> Told:
        """A story that is yet to come, or to change. Raises Rejected, the same."""
        before, enriched = await self.desk.row(article.uri), pipeline.enrich(article)
        decision = decide(before, enriched, now=datetime.now(UTC), zone=self.site.timezone)
        version, remark = article.version, ""
        if decision.outcome == "stale":
            remark = f"version {version} would come too late: this one stands there"
        elif before is not None and before.version == version:
            remark = f"version {version} stands there already: a change is a higher version"
        return await self._told(decision.row.live, remark)

    async def _told(self, shown: LiveArticle | None, remark: str) -> Told:
        live = _shown(shown)
        known = await Destinations(self.redis).all()
        found = await Ledger(self.redis, self.keys).of_article(live.article.uri)
        rows = {row.destination: row for row in found}
        return Told(live, _url(self.site, self.address, live), known, rows, remark)


def _shown(live: LiveArticle | None) -> LiveArticle:
    if live is None:
        raise Rejected("readers do not see this story: it is withheld or killed, and has no posts")
    return live


def _url(site: Site, address: str, live: LiveArticle) -> str:
    base = site.base_url or address
    return site.model_copy(update={"base_url": base}).url(live.path)
