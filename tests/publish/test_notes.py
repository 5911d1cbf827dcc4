"""What readers are told of earlier versions, in whatever order those come."""

from datetime import UTC, datetime
from random import Random

from hypothesis import given, strategies as st

from services.publish.live import Note
from services.publish.notes import MOST_NOTES, is_quiet, noted
from shared.article import Article

NOW = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
KINDS = st.sampled_from(["correction", "update", "refile", "repeat", None])


def version(number: int, kind: str | None, text: str = "") -> Article:
    correction = kind and {"kind": kind, "text": text or f"第{number}版"}
    plain = {"uri": "urn:a", "version": number, "headline": "標題", "correction": correction}
    return Article.model_validate(plain)


def told(*versions: Article) -> list[str]:
    notes: tuple[Note, ...] = ()
    for article in versions:
        notes = noted(notes, article, NOW)
    return [f"{note.kind} {note.version}" for note in notes]


def test_every_correction_stays_and_the_last_update_only() -> None:
    kinds = ["correction", "update", "correction", "update", "refile", "repeat", None]
    versions = [version(number, kind) for number, kind in enumerate(kinds, start=2)]
    assert told(*versions) == ["update 5", "correction 4", "correction 2"]


def test_a_refile_and_a_repeat_are_quiet_and_nothing_else_is() -> None:
    kinds = ["correction", "update", "refile", "repeat", None]
    quiet = [kind for kind in kinds if is_quiet(version(1, kind))]
    assert quiet == ["refile", "repeat"]


def test_the_newest_notes_are_kept_when_there_are_too_many() -> None:
    many = told(*(version(number, "correction") for number in range(1, MOST_NOTES + 10)))
    assert len(many) == MOST_NOTES
    assert many[0] == f"correction {MOST_NOTES + 9}"


@given(st.lists(KINDS, max_size=8), st.randoms(use_true_random=False))
def test_any_order_and_any_repetition_tell_the_same(
    kinds: list[str | None], random: Random
) -> None:
    versions = [version(number, kind) for number, kind in enumerate(kinds, start=1)]
    arrival = [*versions, *random.choices(versions, k=2)] if versions else []
    random.shuffle(arrival)
    assert told(*arrival) == told(*versions)
