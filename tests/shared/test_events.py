"""An event as fields of a stream entry: what goes in comes out, whatever it says."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from shared.article import Article
from shared.errors import InvalidArticle
from shared.events import Event
from shared.streams import ENRICHED, RECEIVED
from tests.stored import as_stored

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=200)
SPACELESS = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp"], exclude_characters='<>"'),
    min_size=1,
    max_size=50,
)
INSTANTS = st.timedeltas(timedelta(days=-20_000), timedelta(days=20_000)).map(
    lambda since: datetime(2000, 1, 1, tzinfo=UTC) + since
)
ARTICLES = st.builds(
    Article,
    uri=SPACELESS,
    version=st.integers(1, 2**53 - 1),
    pubstatus=st.just("withheld"),
    urgency=st.integers(1, 9),
    headline=TEXT,
    description=TEXT,
    body_html=TEXT,
    ednote=TEXT,
    date_published=st.none() | INSTANTS,
)
MOMENTS = INSTANTS.map(lambda when: when.replace(microsecond=0) + timedelta(milliseconds=7))
STORY = Article(uri="urn:news:1", version=3, headline="環狀線動工", urgency=2)


@given(ARTICLES, MOMENTS)
def test_every_article_comes_back_as_it_was(article: Article, accepted: datetime) -> None:
    event = Event.begin(RECEIVED, article, accepted)
    assert Event.parse(as_stored(event)) == event


def test_the_fields_are_legible_for_any_client() -> None:
    accepted = datetime(2026, 11, 23, 8, 0, 0, 250_000, tzinfo=UTC)
    fields = as_stored(Event.begin(RECEIVED, STORY, accepted))
    body = json.loads(fields.pop(b"body"))
    assert body == {"uri": "urn:news:1", "version": 3, "urgency": 2, "headline": "環狀線動工"}
    assert fields.pop(b"traceparent").startswith(b"00-")
    assert fields == {
        b"event": b"article.received",
        b"uri": b"urn:news:1",
        b"version": b"3",
        b"lane": b"flash",
        b"accepted": str(int(accepted.timestamp() * 1000)).encode(),
    }


def test_the_next_event_of_a_version_keeps_trace_and_acceptance() -> None:
    first = Event.begin(RECEIVED, STORY, datetime(2026, 11, 23, tzinfo=UTC))
    second = first.onward(ENRICHED, STORY.model_copy(update={"language": "zh-Hant"}))
    assert (second.trace_id, second.accepted) == (first.trace_id, first.accepted)
    assert second.traceparent != first.traceparent
    assert (second.event, second.article.language) == (ENRICHED, "zh-Hant")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (b"body", b"{}"),
        (b"body", b"not json"),
        (b"body", b'{"uri":"urn:1","headline":"\xff"}'),
        (b"accepted", b"yesterday"),
        (b"accepted", b"9" * 15),
        (b"event", b"\xff"),
        (b"traceparent", None),
        (b"body", None),
    ],
)
def test_what_is_no_event_of_ours_is_told_so(field: bytes, value: bytes | None) -> None:
    fields = as_stored(Event.begin(RECEIVED, STORY, datetime(2026, 11, 23, tzinfo=UTC)))
    del fields[field]
    if value is not None:
        fields[field] = value
    with pytest.raises(InvalidArticle, match="not an article event"):
        Event.parse(fields)
