"""The map of keys: whatever one script touches lies in one slot of a Redis Cluster."""

from datetime import UTC, datetime

from hypothesis import given, strategies as st
from redis.crc import key_slot

from services.enrich import app as enrich
from services.enrich.archive import archived
from services.ingest.sources import stream as inbox
from services.publish import announce as publish
from services.publish.delivery import postroom
from services.publish.desk_changes import changes
from services.publish.desk_keys import DeskKeys
from services.publish.desk_row import Row
from services.publish.lists import lists_of
from shared.article import Article, RelatedLink
from shared.events import Event
from shared.streams import (
    ENRICHED,
    EVENTS,
    GROUPS,
    INBOX,
    LANES,
    PUBLISHED,
    RECEIVED,
    Keys,
    dead_letters,
)
from shared.timeline import timeline

NOW = datetime(2026, 11, 23, tzinfo=UTC)
URIS = st.from_regex(r"[^\s\x00-\x1f\x7f<>\"]{1,60}", fullmatch=True).filter(
    lambda uri: uri.isprintable()
)
KEYS = st.builds(Keys, st.integers(1, 64))


def slots(*names: str) -> set[int]:
    return {key_slot(name.encode()) for name in names}


@given(KEYS, URIS)
def test_all_keys_of_an_article_lie_in_one_slot(keys: Keys, uri: str) -> None:
    partition = keys.partition(uri)
    streams = [keys.stream(event, lane, partition) for event in EVENTS for lane in LANES]
    desk = DeskKeys(keys)
    names = [
        *streams,
        *map(dead_letters, streams),
        keys.of(uri, "ledger"),
        keys.of(uri, "timeline"),
        keys.shared(partition, "held"),
        desk.row(uri),
        desk.linked_by(uri),
        desk.dirty(partition),
        desk.marks(partition),
    ]
    assert len(slots(*names)) == 1


@given(KEYS, URIS, URIS)
def test_what_enrich_and_publish_write_of_an_article_lies_with_it(
    keys: Keys, uri: str, other: str
) -> None:
    article = Article(
        uri=uri, headline="消息", section="生活", related=(RelatedLink(uri=other, headline="舊聞"),)
    )
    event = Event.begin(RECEIVED, article, NOW)
    stream = keys.stream(RECEIVED, event.lane, keys.partition(uri))
    written = [write.key for write in (archived(keys, article), *timeline(keys, event, "x"))]
    row = Row(uri, 1, "live", NOW, "/news/1/a", NOW, NOW, article, lists_of(article))
    desk = DeskKeys(keys)
    assert len(slots(stream, *written, desk.row(uri), *changes(desk, None, row).keys)) == 1


@given(KEYS, URIS)
def test_an_article_keeps_its_partition(keys: Keys, uri: str) -> None:
    assert 0 <= keys.partition(uri) < keys.partitions
    assert keys.partition(uri) == Keys(keys.partitions).partition(uri)


def test_partitions_have_slots_of_their_own_and_share_the_articles() -> None:
    keys = Keys(8)
    assert len(slots(*keys.every("held"))) == 8
    assert len({keys.partition(f"urn:news:{number}") for number in range(100)}) == 8


def test_flash_lanes_come_first() -> None:
    streams = Keys(2).streams(RECEIVED)
    assert [name.rpartition(":")[2] for name in streams] == ["flash", "flash", "routine", "routine"]


def test_the_map_names_the_group_of_each_service() -> None:
    services = {INBOX: inbox.GROUP, RECEIVED: enrich.GROUP, ENRICHED: publish.GROUP}
    assert {**services, PUBLISHED: postroom.GROUP} == GROUPS
    streams = [stream for event in EVENTS for stream in Keys(2).streams(event)]
    assert set(Keys(2).read_by()) == {INBOX, *streams}
