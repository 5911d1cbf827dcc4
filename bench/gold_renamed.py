"""The gold set with other names: are people and firms found whatever they are called?

Rules that were tuned on names may know just these. So every person with a family name of one
character and two more bears another name, and every organisation whose name is two characters and
an ending is called otherwise: by two characters that firms like, or by a word of the language. The
text around stays as it is; how many of the new names are found, says how far the rules reach.
"""

import random
from collections.abc import Iterator, Sequence

from bench.gold_set import GoldArticle
from services.enrich.corpus import Corpus
from services.enrich.folding import fold, folded_entries
from services.enrich.names import names_of
from services.enrich.suffixes import ending_in
from services.enrich.words import read

FAMILIES = (
    "陳林黃張李王吳劉蔡楊許鄭謝洪郭邱曾廖賴徐周葉蘇莊呂江何蕭羅高潘簡朱鍾彭游詹胡施沈余盧梁趙"
)
FIRST = "志俊家淑美雅怡冠宗柏建文國明佳惠秀玉麗靜宜詩婉品承彥哲子思雨宏智"
LAST = "明豪偉傑宏文雄華玲芬惠珍君婷萱穎安翔廷宇軒恩瑜芳儀如涵賢德良"
AUSPICIOUS = (
    "鴻盛達旭宏泰聯華昇瑞晶群鼎碩凱安永益昌豐順合正國立信元光威勝德承宇東陽揚遠恆興慶佳美嘉和裕富"
)
TWO = "晨曦山海拾光海風青鳥木棉白鹿春水島嶼月光小象大樹紅石微風起點綠洲雲朵木馬候鳥角落森林原野蜂鳥"
WORDS = tuple(TWO[at : at + 2] for at in range(0, len(TWO), 2))
SEEDS = 3
PERSON_CHARS, OWN_CHARS = 3, 2


def measure(gold: Sequence[GoldArticle]) -> Iterator[tuple[str, str, str]]:
    """Rows: measure, figure, target."""
    for what, kind in (("people", "person"), ("firms", "auspicious"), ("firms, by words", "words")):
        found = asked = 0
        for seed in range(SEEDS):
            draw = random.Random(seed)  # noqa: S311
            for one in gold:
                new = dict(_people(one, draw) if kind == "person" else _firms(one, draw, kind))
                found, asked = found + _found(one, new), asked + len(new)
        figure = f"{found / max(asked, 1):.3f} ({found} of {asked})"
        yield f"{what} of other names recognised", figure, ""


def _people(one: GoldArticle, draw: random.Random) -> Iterator[tuple[str, tuple[str, str]]]:
    families = folded_entries("surnames")
    for name in one.names:
        old = name.spellings[0]
        if name.type == "person" and len(old) == PERSON_CHARS and fold(old[0]) in families:
            new = draw.choice(FAMILIES) + draw.choice(FIRST) + draw.choice(LAST)
            yield old, (new, new)


def _firms(
    one: GoldArticle, draw: random.Random, kind: str
) -> Iterator[tuple[str, tuple[str, str]]]:
    """What is replaced by what, and the whole new name."""
    for name in one.names:
        whole = name.spellings[0]
        ending = ending_in(fold(whole))
        own = whole[: -len(ending)] if ending else ""
        is_own = len(own) == OWN_CHARS and fold(own) not in folded_entries("places")
        if name.type == "organisation" and is_own:
            by_words = kind == "words"
            new = draw.choice(WORDS) if by_words else "".join(draw.sample(AUSPICIOUS, OWN_CHARS))
            yield own, (new, new + whole[len(own) :])


def _found(one: GoldArticle, new: dict[str, tuple[str, str]]) -> int:
    """How many of the new names are found in the article that bears them."""
    told = one.model_dump_json()
    for old, (other, _) in new.items():
        told = told.replace(old, other)
    article = GoldArticle.model_validate_json(told).article()
    named = {found.name for found in names_of(article, read(article), Corpus()).named}
    return sum(fold(whole) in named for _, whole in new.values())
