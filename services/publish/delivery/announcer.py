"""What a destination is told: the desk's present state of an article, whatever was planned."""

from services.publish.delivery.channel import Announcement
from services.publish.delivery.readings import Readings
from services.publish.delivery.row import Row
from services.publish.desk import Desk
from services.publish.live import Site
from shared.article import Article


class Announcer:
    """What a row is to be told: the desk's present state of its article."""

    def __init__(self, desk: Desk, site: Site) -> None:
        self._read = Readings(desk)
        self._site = site

    async def __call__(self, row: Row) -> Announcement | None:
        """None when the desk has moved on; what it moved on to is about to be wanted here too."""
        found = await self._read(row.uri)
        if found is None:
            return None
        url = self._site.url(found.path) if found.path else ""
        if row.sending_op == "kill" or row.state != "sending":  # a look asks for the address alone
            kill = Article(uri=row.uri, version=row.sending_version, pubstatus="canceled")
            return Announcement(kill, "kill", url, first=False)
        if found.live is None or found.version != row.sending_version:
            return None
        return Announcement(found.live.article, "put", url, first=row.is_first)

    async def is_current(self, article: Article) -> bool:
        """Whether the desk still has this version; a late older one must not be planned."""
        found = await self._read(article.uri)
        return found is None or found.version <= article.version
