"""Make `given_odds.txt` from the dictionary of jieba (https://github.com/fxsjy/jieba, MIT).

Not needed to run wiredesk. To make the file anew, in an environment of its own that has wiredesk:
`pip install jieba==0.42.1 && python make_given_odds.py`.
"""

from collections import Counter, defaultdict
from importlib.resources import files
from math import log
from pathlib import Path

from services.enrich.folding import folded_entries

STEPS = 2
"""Levels to one unit of the natural logarithm."""
SMALL_NAMES, SMALL_TEXT = 2_500, 500
"""What is added to the counts, so that a character seen once says little."""
CHARACTERS = 6_000
SELDOM_INSIDE, SELDOM = 2, 2_000
"""Characters seen more seldom are left out: nothing is known of them."""
HEAD = """\
# How much oftener a character stands in a given name than in text: the place in a given name of two
# characters (1 or 2), the level in halves of a natural logarithm (0 left out), then characters.
# Source: the names and words of jieba 0.42.1, https://github.com/fxsjy/jieba, counted by
# make_given_odds.py. Licence: MIT, Copyright 2013 Sun Junyi.
"""


def main() -> None:
    """Count characters of names of three and of all other words, and write the levels."""
    text = files("jieba").joinpath("dict.txt").read_text(encoding="utf-8")
    rows = [line.split() for line in text.splitlines()]
    surnames = folded_entries("surnames")
    names = [w for w, _, nature in rows if nature == "nr" and len(w) == 3 and w[0] in surnames]  # noqa: PLR2004
    elsewhere: Counter[str] = Counter()
    for word, count, nature in rows:
        if not nature.startswith("nr"):
            elsewhere.update(dict.fromkeys(word, int(count)))
    lines = "".join(line for place in (1, 2) for line in _lines(place, names, elsewhere))
    Path(__file__).with_name("given_odds.txt").write_text(HEAD + lines, encoding="utf-8")


def _lines(place: int, names: list[str], elsewhere: Counter[str]) -> list[str]:
    """The lines of a place, the likeliest characters first."""
    inside = Counter(name[place] for name in names)
    all_text = elsewhere.total() + SMALL_TEXT * CHARACTERS
    levels: defaultdict[int, list[str]] = defaultdict(list)
    for char in sorted(inside | elsewhere):
        in_names = (inside[char] + 0.5) / (len(names) + SMALL_NAMES)
        level = round(STEPS * log(in_names * all_text / (elsewhere[char] + SMALL_TEXT)))
        is_seen = inside[char] >= SELDOM_INSIDE or elsewhere[char] >= SELDOM
        if level and is_seen and "\u4e00" <= char <= "\u9fff":
            levels[level].append(char)
    return [f"{place} {n} {' '.join(levels[n])}\n" for n in sorted(levels, reverse=True)]


if __name__ == "__main__":
    main()
