"""RULE: what Telegram shows of its HTML, and how long that is.

Lengths count after the marks are taken out, in UTF-16 units. What cannot be read would be refused,
so it is longer than anything: a template that makes it gives way like one that is too long.
Source: https://core.telegram.org/bots/api#html-style
"""

import re

from services.publish.posts.counting import count_utf16

MARKS = re.compile(
    "b|strong|i|em|u|ins|s|strike|del|span|tg-spoiler|a|code|pre|blockquote|tg-emoji"
)
TAG = re.compile(r"<(/?)([a-z-]+)((?:\s[^<>]*)?)>")
ENTITY = re.compile(r"&(?:#(\d{1,7})|#x([0-9a-fA-F]{1,6})|(lt|gt|amp|quot));")
NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
"""The only ones it knows by name."""
UNREADABLE = 1_000_000
MOST_CODE_POINT = 0x10FFFF


def count_shown(html: str) -> int:
    """UTF-16 units of what is shown."""
    text = shown(html)
    return UNREADABLE if text is None else count_utf16(text)


def shown(html: str) -> str | None:
    """The text without its marks; None when Telegram could not read it.

    >>> shown("<b>A&amp;B</b> <a href='https://a.tw'>全文</a>")
    'A&B 全文'
    """
    text, at = "", 0
    open_marks: list[str] = []
    for tag in TAG.finditer(html):
        closes, name, _ = tag.groups()
        if not MARKS.fullmatch(name) or (closes and (not open_marks or open_marks.pop() != name)):
            return None
        if not closes:
            open_marks.append(name)
        text += html[at : tag.start()]
        at = tag.end()
    text += html[at:]
    return None if open_marks or "<" in text else ENTITY.sub(_sign, text)


def _sign(entity: re.Match[str]) -> str:
    decimal, hexadecimal, name = entity.groups()
    if name:
        return NAMED[name]
    number = int(decimal) if decimal else int(hexadecimal, 16)
    return chr(number) if number <= MOST_CODE_POINT else entity.group()
