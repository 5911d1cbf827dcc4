"""RULE: dates as newspapers print them, read in the newspaper's own zone.

11/24/2024, 2024/11/24 10:30, 2024-11-24, 2024.11.24, 2024年11月24日 上午9:05, 民國113年11月24日.
"""

import re
from datetime import datetime
from zoneinfo import ZoneInfo

MAX_DATED_CHARS = 300
TAIPEI = ZoneInfo("Asia/Taipei")
FIRST_YEAR_OF_THE_REPUBLIC = 1911

LABEL = re.compile(
    r"^(?:(?:發[布佈稿]|出版|刊登|上架|建立|更新|最後更新|发布|更新)?(?:日期|時間|时间|于|於)|發[布佈]|更新|"
    r"Published|Updated|Date)\s*[:：]?\s*",
    re.IGNORECASE,
)
TIME = (
    r"(?:[\sT,，]*(?P<half>上午|下午|晚上|晚間|凌晨|中午)?"
    r"\s*(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::\d{2})?)?"
)
DAY = (
    r"(?P<y1>(?:19|20)\d{2})\s*[/.\-年]\s*(?P<m1>\d{1,2})\s*[/.\-月]\s*(?P<d1>\d{1,2})日?"
    r"|(?P<m2>\d{1,2})/(?P<d2>\d{1,2})/(?P<y2>(?:19|20)\d{2})"
    r"|民國\s*(?P<y3>\d{2,3})\s*年\s*(?P<m3>\d{1,2})\s*月\s*(?P<d3>\d{1,2})\s*日"
)
PRINTED = re.compile(rf"(?:{DAY})(?:\s*[（(]?(?:星期|週)[一二三四五六日][）)]?)?{TIME}")
AFTERNOON = frozenset({"下午", "晚上", "晚間"})


def printed_date(text: str) -> datetime | None:
    """The aware time that the whole of `text` prints, a label allowed; None when it prints none.

    A date alone is its midnight. Raises ValueError when it prints a day that does not exist.
    """
    found = PRINTED.fullmatch(LABEL.sub("", text.strip()).strip())
    return _moment(found) if found else None


def leading_date(text: str) -> tuple[datetime | None, str]:
    """The date that opens a line, and what follows it. Raises ValueError as `printed_date`."""
    if len(text) > MAX_DATED_CHARS:
        return None, text
    unlabelled = LABEL.sub("", text.strip())
    found = PRINTED.match(unlabelled)
    return (_moment(found), unlabelled[found.end() :].strip()) if found else (None, text)


def trailing_date(text: str) -> tuple[str, datetime | None]:
    """What stands before a date at the end of a line, and the date."""
    for found in PRINTED.finditer(text) if len(text) <= MAX_DATED_CHARS else ():
        if found.end() == len(text):
            return text[: found.start()].strip(), _moment(found)
    return text, None


def _moment(found: re.Match[str]) -> datetime:
    year, month, day = _day(found)
    hour = int(found["hour"] or 0)
    if found["half"] in AFTERNOON:
        hour = hour % 12 + 12
    elif found["half"] in {"上午", "凌晨"}:
        hour %= 12
    return datetime(year, month, day, hour, int(found["minute"] or 0), tzinfo=TAIPEI)


def _day(found: re.Match[str]) -> tuple[int, int, int]:
    if found["y1"]:
        return int(found["y1"]), int(found["m1"]), int(found["d1"])
    if found["y3"]:
        return int(found["y3"]) + FIRST_YEAR_OF_THE_REPUBLIC, int(found["m3"]), int(found["d3"])
    month, day = int(found["m2"]), int(found["d2"])
    # Only the day can be more than 12: 24/11/2024 is read the European way.
    return (int(found["y2"]), day, month) if month > 12 else (int(found["y2"]), month, day)  # noqa: PLR2004
