"""RULE: who wrote it, read from the byline as Chinese, Japanese and English newspapers print it.

「記者王小明／台北報導」「聯合通訊 記者 張○○ 整理報導」「〔記者李大華、陳美玉／高雄報導〕」
「（中央社記者林志豪台中23日電）」「作者：周書宇」「文・佐藤花子」「By Jane Roe and John Doe」
"""

import re
from collections.abc import Iterator

from shared.article import Author

MAX_BYLINE_CHARS = 60
SURNAMES = (
    "陳林黃張李王吳劉蔡楊許鄭謝郭洪邱曾廖賴徐周葉蘇莊呂江何蕭羅高潘簡朱鍾彭"
    "游詹胡施沈余趙盧梁顏柯孫魏翁戴范"
    "宋方鄧杜傅侯曹薛丁卓馬董唐藍蔣石古紀連温溫歐程湯田康姜鄒白涂塗尤"
    "巫韓龔嚴袁金童陸夏柳邵錢伍倪譚于駱熊任甘秦"
    "顧毛章史官萬俞雷粘饒闕凌崔尹孔辛武辜陶易段龍韋葛池孟"
    "褚殷麥賀賈莫文管關向包丘梅華利裴樊焦申成喬牛左房成季"
    "陈黄张刘杨许郑谢吕罗钟赵卢颜孙邓蒋连欧汤姜邹涂龚严韩陆钱谭顾马万饶苏叶庄萧简云"
)
COMPOUND = ("歐陽", "司馬", "諸葛", "上官", "司徒", "范姜", "張簡", "欧阳", "司马", "诸葛")
PLACES = (
    "台北|臺北|新北|桃園|台中|臺中|台南|臺南|高雄|基隆|新竹|苗栗|彰化|南投|雲林|"
    "嘉義|屏東|宜蘭|花蓮|台東|臺東|澎湖|"
    "金門|馬祖|連江|北京|上海|香港|澳門|東京|大阪|首爾|新加坡|"
    "曼谷|河內|華盛頓|紐約|洛杉磯|舊金山|倫敦|巴黎|柏林|"
    "布魯塞爾|日內瓦|雪梨|台灣|臺灣|广州|深圳|东京|首尔|华盛顿|纽约|伦敦"
)
CJK = "㐀-鿿豈-﫿々〇○◯"
WORK = (
    "整理|綜合|採訪|專題|現場|即時|特稿|外電|編譯|專訪|攝影|"
    "综合|采访|专题|现场|报道|報導|報道|電|电|攝|摄|撰"
)

OPENERS, CLOSERS = "〔【［\\[（(", "〕】］\\]）)"
BRACKETED = re.compile(f"^[{OPENERS}]([^{OPENERS}{CLOSERS}]{{2,50}})[{CLOSERS}]\\s*")
MARK = re.compile(
    "(?:特派|特約|實習|地方|資深|本報|特约|实习|本报)?"
    "(?:(?P<tight>編譯|编译|(?:記者|记者)(?!會|会|們|们|節|节|室|證|证|協|协|公會|俱樂|問|说|說|團|团))"
    "|(?P<loose>採訪撰文|採訪|撰文|撰稿|作者|采访|文字|文)(?=[\\s:：/／＝=・|｜]))"
    "[\\s:：/／＝=・|｜]*"
)
END = re.compile(f"[/／|｜]|(?:{PLACES})(?:市|縣|县)?(?:\\d|\\s|{WORK}|$)|\\d{{1,2}}日")
TAIL = re.compile(
    f"(?:[\\s/／|｜、・]|{PLACES}|{WORK}|[市縣县]|\\d{{1,2}}[月日]|讯|訊|[{CJK}]{{2,6}}(?={WORK})"
    f"|(?:攝影|摄影|圖|編輯)[/／：:\\s]*[{CJK}]{{2,4}}$)*"
)
SEPARATOR = re.compile("[、，,;；&＆\\s]+|(?<=..)[與及](?=..)")
MAX_NAME_CHARS = 4
CREDITED = re.compile(f"[{CJK}]+(?:{WORK})")
BEFORE_WORK = re.compile(f"[{CJK}]{{2,}}?(?=(?:{PLACES})?(?:{WORK})|$)")
CJK_NAME = re.compile(f"[{CJK}]{{2,4}}|[{CJK}ァ-ヶー・]{{2,12}}")
LATIN_NAME = re.compile(r"[A-Z][\w.'’-]*(?: [A-Z][\w.'’-]*){0,3}")
ENGLISH = re.compile(r"by\s+(?P<names>[A-Z][^:;!?]{2,55})$", re.IGNORECASE)
OUTLET = re.compile(
    r"\b(?:News|Times|Post|Press|Agency|Staff|Reporters?|Wire|Daily)\b", re.IGNORECASE
)
NOT_A_BYLINE = re.compile("[。！？!?「」]")


def authors_of(byline: str) -> tuple[Author, ...]:
    """The people a byline names, in its order; empty when it names none we can be sure of.

    >>> [author.name for author in authors_of("記者王小明、李大華／台北報導")]
    ['王小明', '李大華']
    """
    text = unbracketed(byline)
    if english := ENGLISH.fullmatch(text):
        names = _english_names(english["names"])
    elif mark := MARK.search(text):
        names = _names_after(text[mark.end() :], is_tight=mark["tight"] is not None)
    else:
        names = iter(())
    return tuple(Author(name=name) for name in dict.fromkeys(names))


def is_byline(line: str) -> bool:
    """Whether a line of a page is a byline and nothing else."""
    text = unbracketed(line)
    if len(text) > MAX_BYLINE_CHARS or NOT_A_BYLINE.search(text):
        return False
    authors = authors_of(text)
    if not authors or ENGLISH.fullmatch(text):
        return bool(authors)
    rest = text[text.rindex(authors[-1].name) + len(authors[-1].name) :]
    return bool(TAIL.fullmatch(rest))


def split_byline(paragraph: str) -> tuple[str, str]:
    """The byline that opens a paragraph in brackets, without them, and the text after it."""
    opening = BRACKETED.match(paragraph)
    if opening and is_byline(opening[1]):
        return opening[1], paragraph[opening.end() :]
    return "", paragraph


def unbracketed(byline: str) -> str:
    """The byline without the brackets around it."""
    text = byline.strip()
    whole = BRACKETED.fullmatch(text)
    return whole[1].strip() if whole else text


def _english_names(text: str) -> Iterator[str]:
    people = re.split(r",\s*(?:and\s+)?|\s+and\s+|\s*&\s*", text.partition("|")[0])
    names = (person.strip() for person in people)
    return (name for name in names if LATIN_NAME.fullmatch(name) and not OUTLET.search(name))


def _names_after(text: str, *, is_tight: bool) -> Iterator[str]:
    """The names at the start of `text`; the first word that is none ends them."""
    end = END.search(text)
    for number, word in enumerate(SEPARATOR.split(text[: end.start()] if end else text)):
        bare = MARK.sub("", word)
        if LATIN_NAME.fullmatch(bare):
            name = bare
        elif re.fullmatch(WORK, bare):
            return
        elif CREDITED.fullmatch(bare):
            # 「整理報導」 is no name, but a name may stand right before a place: 林志豪望海電.
            name = _chinese_name_in(bare) if is_tight and not number else ""
        elif is_tight or len(bare) > MAX_NAME_CHARS:
            name = _chinese_name_in(bare)
        else:
            name = bare if CJK_NAME.fullmatch(bare) else ""
        if name:
            yield name
        if name != bare:
            return


def _chinese_name_in(word: str) -> str:
    """A Chinese name that other words may follow without a blank: 王小明報導 -> 王小明."""
    if not word.startswith((*COMPOUND, *SURNAMES)):
        return ""
    core = BEFORE_WORK.match(word)
    name = core[0] if core else word
    longest = MAX_NAME_CHARS if name.startswith(COMPOUND) else MAX_NAME_CHARS - 1
    return name if len(name) <= MAX_NAME_CHARS else name[:longest]
