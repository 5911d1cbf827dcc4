"""RULE: what one line of a copied newspaper page is.

Photo credit or caption, date, button of the page (A- A A+, share), subhead, paragraph, promotion.
"""

import re
from dataclasses import dataclass

from services.ingest.byline import is_byline

MAX_BUTTON_CHARS = 60
MAX_SUBHEAD_CHARS = 36
MIN_PARAGRAPH_CHARS = 36

BLANK = " \t\u00a0\u3000\u200b\ufeff"
BLANKS = re.compile(r"(\s)\s+")
SENTENCE_END = re.compile("[。！？!?…；;：:，,、.][」』”’\"'）)]*$")
FULL_STOP = re.compile("[。！？!?…][」』”’\"'）)]*$|[.][\"'”’)]*$")

SUBJECT = "圖片|圖|图|照片|相片|攝影|资料照|資料照|示意圖|影片|翻攝|截圖|写真|撮影|Photos?(?: by)?"
CREDIT = re.compile(
    f"^[（(【\\[]?\\s*(?P<credit>(?:{SUBJECT})[片]?\\s*(?:來源|提供|为|為)?\\s*[/／:：].{{1,80}}?)\\s*[）)】\\]]?$"
)
CAPTION = re.compile(
    "^[▲△▼▽■◆◎]?\\s*(?P<caption>.{2,200}?)\\s*"
    f"[（(【\\[](?P<credit>(?:(?:{SUBJECT})[^（()）]{{0,30}}[/／:：][^（()）]{{1,40}}"
    "|[^（()）]{0,16}(?:攝|攝影|提供|資料照|翻攝[^（()）]{0,16})))[）)】\\]]$"
)
MARKED = re.compile("^[▲△▼▽]")

BUTTON = re.compile(
    "(?:A\\s*[-－+＋]?\\s*)+|(?:字級|字體|文字大小)\\s*[:：]?.{0,12}|小\\s*中\\s*大|"
    "(?:分享|列印|收藏|轉寄|複製連結|留言|朗讀|聽新聞|字級設定|Facebook|FB|LINE|Line|X|Twitter|Email|"
    "看更多|回首頁|回上一頁|回到頂部|上一則|下一則|瀏覽(?:數|次數)?\\s*[:：]?\\s*[\\d,]*|[\\d,]+\\s*(?:次)?(?:瀏覽|人氣|讚))"
    "(?:[\\s|｜/／・]+(?:分享|列印|收藏|轉寄|複製連結|留言|Facebook|FB|LINE|Line|X|Twitter|Email))*",
)
COLOPHON = re.compile(
    "^(?:責任|核稿|網路)?(?:編輯|主編|校對)\\s*[:：/／]|^※?\\s*(?:版權所有|未經授權|本文(?:由|經))|^©"
)
TAGS = re.compile(
    "^(?:關鍵字|關鍵詞|標籤|标签|Tags?|相關標籤)\\s*[:：]\\s*(?P<names>.+)$", re.IGNORECASE
)
HASHTAGS = re.compile("^(?:[#＃][^\\s#＃]+\\s*)+$")

EMOJI = re.compile("[\U0001f300-\U0001faff\u2600-\u27bf\u2b50]")
PROMOTION = (
    EMOJI,
    re.compile("[!！]$|[!！].{0,6}$|[>＞»▶→]+$"),
    re.compile(
        "粉絲專頁|粉絲團|粉丝|社團|頻道|LINE\\s*(?:@|官方|好友|帳號)|YouTube|Instagram|\\bIG\\b|Facebook|APP|電子報|會員|Podcast"
    ),
    re.compile(
        "按讚|按個讚|訂閱|追蹤|加入|下載|點我|點此|點擊|開啟小鈴鐺|分享給|關注我們|立即|馬上|快來|歡迎|不漏接|搶先看"
    ),
    re.compile("狂賀|賀[!！]|恭喜|慶祝.{0,12}突破|感謝大家|感謝(?:您|你|各位)|熱情支持|支持與肯定"),
    re.compile("[您你]|大家|各位讀者|讀者朋友"),
    re.compile(
        "(?:按讚|粉絲|訂閱|追蹤|會員).{0,6}(?:數|人數)?.{0,6}[\\d,，]{3,}|[\\d,，.]+\\s*萬?\\s*(?:人|位)?(?:按讚|粉絲|訂閱|追蹤)"
    ),
)
MIN_PROMOTION_SIGNS = 2
MAX_PROMOTION_CHARS = 200
REPORTED = re.compile("表示|指出|強調|認為|說明|報導")
EAST_ASIAN = re.compile("[\u3040-\u30ff\u3400-\u9fff]")


@dataclass(frozen=True)
class Photo:
    """A photo the page showed: we have its words, not its file."""

    credit: str
    caption: str = ""


def printed_lines(text: str) -> list[str]:
    """The lines that carry anything, trimmed, runs of blanks made one."""
    single = (BLANKS.sub(r"\1", raw) for raw in text.splitlines())
    return [line for raw in single if (line := raw.strip(BLANK))]


def is_page(head: bytes) -> bool:
    """Whether the first bytes of a body read as Chinese or Japanese text, or bear a byline."""
    text = head.decode("utf-8-sig", errors="ignore").lstrip(BLANK + "\r\n")
    if text.startswith(("{", "[", "<")):
        return False
    return len(EAST_ASIAN.findall(text)) > 1 or any(map(is_byline, printed_lines(text)[:10]))


def photo_of(line: str) -> Photo | None:
    """The photo a line is the credit or the caption of."""
    if credit := CREDIT.match(line):
        return Photo(credit["credit"].replace("/", "／"))
    if caption := CAPTION.match(line):
        return Photo(caption["credit"].replace("/", "／"), caption["caption"])
    return Photo("", line.lstrip("▲△▼▽ ")) if MARKED.match(line) else None


def is_button(line: str) -> bool:
    """Whether it belongs to the page, not to the story: type size, sharing, counters."""
    return len(line) <= MAX_BUTTON_CHARS and BUTTON.fullmatch(line) is not None


def is_colophon(line: str) -> bool:
    """Whether it says who edited the page or who owns it."""
    return COLOPHON.match(line) is not None


def tags_in(line: str) -> list[str]:
    """The keywords a line lists, or none."""
    if listed := TAGS.match(line):
        names = re.split("[、，,;；|｜/／\\s]+", listed["names"])
    elif HASHTAGS.match(line):
        names = re.split("[#＃\\s]+", line)
    else:
        return []
    return [name for raw in names if (name := raw.strip("#＃"))]


def signs_of_promotion(line: str) -> int:
    """How many kinds of sign it bears that it courts the reader."""
    if len(line) > MAX_PROMOTION_CHARS:
        return 0
    return sum(1 for sign in PROMOTION if sign.search(line))


def is_promotion(line: str) -> bool:
    """Whether it courts the reader: at least two signs of it, and nobody is quoted."""
    return signs_of_promotion(line) >= MIN_PROMOTION_SIGNS and not REPORTED.search(line)


def is_paragraph(line: str) -> bool:
    """Whether it reads as running text: it ends a sentence, and is long or holds several."""
    return bool(FULL_STOP.search(line)) and (
        len(line) >= MIN_PARAGRAPH_CHARS or "。" in line or line.endswith(".")
    )


def could_be_subhead(line: str) -> bool:
    """Whether it is short and ends no sentence."""
    return len(line) <= MAX_SUBHEAD_CHARS and not SENTENCE_END.search(line)
