"""The story of a preview: a file as enrich and the desk would make it, or a story that is live."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from pydantic import ConfigDict

from services.commands.deliveries import Post
from services.commands.learning import ignorant, learnt
from services.instance import Instance
from services.publish.delivery.destinations import Destination
from services.publish.delivery.row import Row
from services.publish.desk import Desk
from services.publish.desk_rule import decide
from services.publish.live import LiveArticle, Site
from shared.article import Article
from shared.errors import Rejected
from shared.settings import Settings

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


async def among(post: Post, instance: Instance, story: Article | str) -> Told:
    """The story at an installation. Raises Rejected when readers would not see it."""
    site = instance.settings.section("site", Printed)
    desk = Desk(post.redis, post.keys, site.timezone)
    uri, remark = (story, "") if isinstance(story, str) else (story.uri, "")
    before = await desk.row(uri)
    if isinstance(story, str):
        row = before
        if row is None:
            raise Rejected(f"{uri} is neither a file nor a story that was published here")
    else:
        pipeline, _ = await learnt(instance.settings, post.redis, post.keys)
        enriched = pipeline.enrich(story)
        decision = decide(before, enriched, now=datetime.now(UTC), zone=site.timezone)
        row = decision.row
        if decision.outcome == "stale":
            remark = f"version {story.version} would come too late: this one stands there"
        elif before is not None and before.version == story.version:
            remark = f"version {story.version} stands there already: a change is a higher version"
    live = _shown(row.live)
    known = await post.destinations.all()
    rows = {one.destination: one for one in await post.ledger.of_article(uri)}
    return Told(live, _url(site, instance.site, live), known, rows, remark)


def _shown(live: LiveArticle | None) -> LiveArticle:
    if live is None:
        raise Rejected("readers do not see this story: it is withheld or killed, and has no posts")
    return live


def _url(site: Site, address: str, live: LiveArticle) -> str:
    base = site.base_url or address
    return site.model_copy(update={"base_url": base}).url(live.path)
