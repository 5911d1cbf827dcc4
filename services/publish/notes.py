"""RULE: what are readers told of the versions of a story they may have read?

    the version says    on the page, and in feeds, from then on
    ------------------  -------------------------------------------------------------------
    correction          what was wrong, with every other correction for as long as it lives
    update              what is new, until the next update
    refile, repeat      nothing; what was told before stays
    nothing             nothing; what was told before stays

A correction is never hidden by the versions after it: who read the wrong text may come back late.
"""

from datetime import datetime
from typing import Literal, cast

from services.publish.live import Note
from shared.article import Article

QUIET = frozenset({"refile", "repeat"})
"""Kinds of correction that are no news to readers: no note, and `date_modified` stays."""
MOST_NOTES = 50


def is_quiet(article: Article) -> bool:
    """Whether the newsroom says that this version is no news."""
    return article.correction is not None and article.correction.kind in QUIET


def noted(notes: tuple[Note, ...], article: Article, when: datetime) -> tuple[Note, ...]:
    """The notes with that of this version, newest version first, whatever order they come in."""
    correction = article.correction
    known = any(note.version == article.version for note in notes)
    if correction is None or is_quiet(article) or known:
        return notes
    kind = cast("Literal['correction', 'update']", correction.kind)
    note = Note(article.version, kind, correction.text, when)
    ordered = sorted((*notes, note), key=lambda one: one.version, reverse=True)
    last_update = max((one.version for one in ordered if one.kind == "update"), default=0)
    kept = [one for one in ordered if one.kind == "correction" or one.version == last_update]
    return tuple(kept[:MOST_NOTES])
