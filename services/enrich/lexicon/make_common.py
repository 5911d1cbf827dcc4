"""Make `common.txt` from the word frequencies of jieba (https://github.com/fxsjy/jieba, MIT).

Not needed to run wiredesk. To make the file anew, in an environment of its own:
`pip install jieba==0.42.1 && python make_common.py`.
"""

from collections import defaultdict
from importlib.resources import files
from math import exp
from pathlib import Path

ARTICLES = 1_000
WORDS_AN_ARTICLE = 300
RAREST = 2
"""A word expected in fewer articles than this is left out: an unknown word counts the same."""
HEAD = """\
# Common words and how many of 1,000 articles of 300 words would hold each: the number, then words.
# Source: the dictionary of jieba 0.42.1, https://github.com/fxsjy/jieba, counted by make_common.py.
# Licence: MIT, Copyright 2013 Sun Junyi.
"""


def main() -> None:
    """Turn word frequencies into expected article counts and write the words that matter."""
    text = files("jieba").joinpath("dict.txt").read_text(encoding="utf-8")
    rows = [line.split() for line in text.splitlines()]
    total = sum(int(row[1]) for row in rows)
    groups: defaultdict[int, list[str]] = defaultdict(list)
    for word, count, *_ in rows:
        expected = round(ARTICLES * (1 - exp(-int(count) / total * WORDS_AN_ARTICLE)))
        if len(word) > 1 and expected >= RAREST:
            groups[expected].append(word)
    body = "".join(f"{n} {' '.join(groups[n])}\n" for n in sorted(groups, reverse=True))
    Path(__file__).with_name("common.txt").write_text(HEAD + body, encoding="utf-8")


if __name__ == "__main__":
    main()
