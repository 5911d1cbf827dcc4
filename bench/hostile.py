"""Texts of 100 kB that are made to hurt: whether enrich can be made slow."""

import time
from collections.abc import Iterator

import numpy as np

from services.enrich import steps
from services.enrich.corpus import Corpus
from services.enrich.pipeline import Pipeline
from shared.article import Article
from shared.plugs import find_plugs

CHARS = 100_000
HAN = (0x4E00, 0x9E00)
HOSTILE = {
    "offices": "市長王一二" * (CHARS // 5),
    "quotes": "「甲乙」" * (CHARS // 4),
    "open quotes": "「" * CHARS,
    "one family name": "張" * CHARS,
    "one letter": "a" * CHARS,
    "apostrophes": "a'" * (CHARS // 2),
    "capitals": "Abc Def " * (CHARS // 8),
    "line feeds": "\n" * CHARS,
    "katakana": "ア" * CHARS,
    "credits": "圖／" * (CHARS // 2),
    "reporters": "記者 " * (CHARS // 3),
    "places": "桃園市臺北市" * (CHARS // 6),
    "dots": "安娜·" * (CHARS // 3),
    "parties": "民本黨團自強黨員" * (CHARS // 8),
    "endings": "晨曦科技公司基金會" * (CHARS // 9),
    "short endings": "水利局工務處" * (CHARS // 6),
    "brackets": "晨曦基金會（晨會）" * (CHARS // 9),
    "roles": "選手方子昂說" * (CHARS // 6),
    "towns": "基隆海鷹投手全壘打主場" * (CHARS // 11),
    "surnames": "王李張劉陳楊黃趙周吳" * (CHARS // 10),
    "one organisation a word": "".join(f"晨{chr(0x4E00 + n)}銀行" for n in range(CHARS // 4)),
    "associations": "花蓮野鳥與山林學會" * (CHARS // 9),
    "founded": "財團法人" * (CHARS // 4),
    "kinds": "業者晨曦海風同業" * (CHARS // 8),
    "parties of three": "新世代黨" * (CHARS // 4),
    "addresses": "南投縣信義鄉同富國中" * (CHARS // 10),
    "Latin topics": "AI病歷AI晶片" * (CHARS // 8),
    "any Han": "".join(map(chr, np.random.default_rng(1).integers(*HAN, CHARS))),
}


def slowest() -> tuple[float, str]:
    """The milliseconds of CPU for the slowest of the texts, all steps together, and which it is."""
    return max(_times())


def _times() -> Iterator[tuple[float, str]]:
    warm = Article(uri="urn:bench:warm", headline="市長今天視察捷運工程")
    Pipeline(Corpus(), find_plugs(steps)).enrich(warm)
    for kind, text in HOSTILE.items():
        pipeline = Pipeline(Corpus(), find_plugs(steps))
        story = Article(uri="urn:bench:hostile", headline="標題", body_text=text)
        started = time.process_time()
        pipeline.enrich(story)
        yield (time.process_time() - started) * 1_000, kind
