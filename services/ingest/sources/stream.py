"""Source: the stream `wiredesk:inbox`, for programs that would rather XADD than speak HTTP.

    XADD wiredesk:inbox * json '{"uri": …, "headline": …}'      [format article_json]

Every entry is judged as if it came by HTTP. What is not an article is parked in the dead-letter
stream with the reason.
"""

from collections.abc import Sequence

from services.ingest.intake import Intake
from services.ingest.invalid import invalid
from services.ingest.reading import read
from shared.commit import Write
from shared.errors import BadField
from shared.hop import Entry

GROUP = "ingest"
SENDER = "inbox"


class Inbox:
    """The handler of the inbox hop."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake

    async def __call__(self, entry: Entry) -> Sequence[Write]:
        """Take the articles of one entry in. Raises Rejected for what can never be one."""
        body = entry.fields.get(b"json")
        if body is None:
            raise invalid([BadField("json", "the entry has no such field")])
        name = entry.fields.get(b"format", b"").decode(errors="replace") or None
        for article in read(body, format=name, media_type="application/json"):
            await self._intake.take(article, sender=SENDER)
        return []
