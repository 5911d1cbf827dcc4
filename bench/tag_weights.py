"""Fit what chooses tags to what the editors of the gold set chose.

The numbers of `services/enrich/judgement.py` and the words of `services/enrich/wording.py`
together, over the candidates of `bench/gold/dev` and `tune`. Prints the numbers, to be written into
`judgement.py`, and writes `tag_odds.txt` into the lexicon. What is kept aside is not read.

    python -m bench.tag_weights
"""

from collections.abc import Sequence

from bench.gold_set import GoldArticle, Half, read
from bench.odds import Case, Sign, fitted, left_out, write
from services.enrich import steps
from services.enrich.candidates import raw_candidates_of
from services.enrich.corpus import Corpus
from services.enrich.folding import fold, key, key_of_folded
from services.enrich.judgement import KINDS, layout_of, signs_of
from services.enrich.names import names_of
from services.enrich.pipeline import Pipeline
from services.enrich.wording import signs_of as words_of, wording_of
from services.enrich.words import read as read_text
from shared.article import TagKind
from shared.plugs import find_plugs

PARTS: tuple[Half, ...] = ("dev", "tune")
PENALTY = 5.0
WEAKEST = 60
"""Candidates of an article beyond this many are never tags."""


def cases_of(half: Half) -> list[tuple[TagKind, Case]]:
    """The candidates of all articles of a set."""
    gold = read(half)
    pipeline = Pipeline(Corpus(), find_plugs(steps))
    for one in gold:
        pipeline.enrich(one.article())
    return [case for one in gold for case in _cases(one, pipeline.corpus)]


def _cases(one: GoldArticle, corpus: Corpus) -> list[tuple[TagKind, Case]]:
    article = one.article()
    text = read_text(article)
    layout = layout_of(text)
    chosen = {key(fold(spelling)) for name in one.tags for spelling in name.spellings}
    found = raw_candidates_of(text, names_of(article, text, corpus), corpus)[:WEAKEST]
    return [
        (
            candidate.kind,
            Case(
                one.uri,
                words_of(wording_of(text, candidate.start, candidate.end, candidate.kind)),
                key_of_folded(text.folded[candidate.start : candidate.end]) in chosen,
                signs_of(text, layout, candidate),
            ),
        )
        for candidate in found
    ]


def main() -> None:
    """Print what the folds say and the numbers, and write the words."""
    cases = [case for half in PARTS for case in cases_of(half)]
    words: dict[Sign, float] = {}
    print("FITTED: dict[TagKind, tuple[float, ...]] = {")
    for kind in KINDS:
        words |= _fit(kind, [case for one, case in cases if one == kind])
    print("}")
    write("tag_odds", words, "What speaks for a tag (`wording.py`)", "python -m bench.tag_weights")


def _fit(kind: TagKind, cases: Sequence[Case]) -> dict[Sign, float]:
    right, judged, tags = left_out(cases, PENALTY)
    weights = fitted(cases, PENALTY)
    print(f'    "{kind}": ({", ".join(f"{number:.2f}" for number in weights.numbers)}),')
    print(f"    # of articles left out: {right} of {judged} likely ones are right, of {tags}")
    return weights.signs


if __name__ == "__main__":
    main()
