"""Names of people that no family name begins: 詩人零雨聲, 綽號「白哥」, 歌手KOHEI, 成員小柚.

An office or a word such as 人稱 stands before them; in brackets behind may stand the name that they
were born with.
"""

import re
from collections.abc import Iterator, Mapping

from services.enrich.cutter import is_known
from services.enrich.family_names import first_characters
from services.enrich.folding import HAN, folded_entries, function_words
from services.enrich.named import LATIN_NAME, Span
from services.enrich.words import Text

QUOTED = re.compile(rf"「([{HAN}a-z0-9 .]{{2,12}})」")
FAMILIAR = re.compile(rf"[小阿老][{HAN}]")
BORN = re.compile(r"[（(]?(?:本名|原名)")
LISTED = re.compile(
    rf"((?:[{HAN}]{{2,4}}[、与和及]){{1,5}}[{HAN}]{{2,3}})(?:等)?(?:[两二三四五六][人名位]|等人)"
)
COUNTED = re.compile("[两二三四五六][人名位]|等人")
PART = re.compile("[^、与和及]{2,4}")
MAX_LISTS = 20
LONGEST, SHORTEST = 4, 2
OFTEN = 2
MAX_BORN = 20


def stage_names_in(text: Text, before: Mapping[int, str]) -> Iterator[Span]:
    """Yield the spans of such names. `before` = where an office or word of kin ends, and which."""
    words = dict(text.words)
    for at in before:
        for way in (_quoted, _latin, _familiar, _made_up, _repeated):
            end = way(text, words, at)
            if end:
                yield (at + 1, end) if way is _quoted else (at, end)
                break
    for number, match in enumerate(BORN.finditer(text.folded)):
        if number >= MAX_BORN:
            return
        start = _start_of_run(text, match.start())
        is_long = match.start() - start >= SHORTEST and not text.ideographic[start - 1]
        if is_long and text.times(text.folded[start : match.start()]) >= OFTEN:
            yield start, match.start()


def listed_names_in(text: Text) -> Iterator[Span]:
    """Yield the spans of names in a list that its count tells: 路遙、白慈、溫泉三人."""
    if not COUNTED.search(text.folded):
        return
    firsts = first_characters()
    for number, match in enumerate(LISTED.finditer(text.folded)):
        if number >= MAX_LISTS:
            return
        if any(word in folded_entries("kin") for _, word in text.words_before(match.end(1))):
            continue
        for part in PART.finditer(text.folded, *match.span(1)):
            start, end = part.span()
            begins = (start,) if start > match.start(1) else (max(start, end - 3), end - 2)
            yield from ((at, end) for at in begins[-2:] if text.folded[at] in firsts)


def _quoted(text: Text, words: Mapping[int, str], at: int) -> int:  # noqa: ARG001
    match = QUOTED.match(text.folded, at)
    return match.end(1) if match else 0


def _latin(text: Text, words: Mapping[int, str], at: int) -> int:  # noqa: ARG001
    match = LATIN_NAME.match(text.surface, at)
    return match.end() if match else 0


def _familiar(text: Text, words: Mapping[int, str], at: int) -> int:
    match = FAMILIAR.match(text.folded, at)
    if not match or words.get(at, "") in folded_entries("titles"):
        return 0
    end = match.end()
    return end if end in words or end >= len(text.folded) or not text.ideographic[end] else 0


def _made_up(text: Text, words: Mapping[int, str], at: int) -> int:  # noqa: ARG001
    """Where a word ends that only the statistics of the cut made up, as they do of names."""
    word = words.get(at, "")
    fits = SHORTEST < len(word) <= LONGEST and not is_known(word) and not word[0].isnumeric()
    return (
        at + len(word) if fits and not word.endswith(tuple(folded_entries("whole_endings"))) else 0
    )


def _repeated(text: Text, words: Mapping[int, str], at: int) -> int:
    """Where words end that come again and are no words of the language in one piece."""
    end = at
    while end in words and end + len(words[end]) <= at + LONGEST and not _ends_it(words[end]):
        end += len(words[end])
    name = text.folded[at:end]
    is_name = len(name) > SHORTEST and not is_known(name)
    return end if is_name and text.times(name) >= OFTEN else 0


def _ends_it(word: str) -> bool:
    return word in function_words() or word in folded_entries("speech")


def _start_of_run(text: Text, end: int) -> int:
    """Where the words begin that end here, after the last mark or function word."""
    start = end
    for at, word in reversed(text.words_before(end)):
        if at + len(word) != start or _ends_it(word) or end - at > LONGEST:
            break
        start = at
    return start
