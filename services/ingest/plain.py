"""RULE: HTML to plain text and back, a paragraph a line.

Written for markup as nh3 serialises it, where every element is closed and text is escaped; on
other markup it still ends and never fails.
"""

import re
from html import escape, unescape

TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)[^<>]*+>")
SILENT = frozenset({"figcaption", "rt", "rp", "script", "style"})
"""What a reader of the running text does not read out: captions, and the gloss over a word."""
BLOCKS = frozenset(
    {"p", "br", "h1", "h2", "h3", "h4", "h5", "h6", "div", "section", "article", "ul", "ol", "li"}
    | {"dl", "dt", "dd", "blockquote", "figure", "table", "caption", "thead", "tbody", "tr", "hr"}
    | {"pre"}
)
CELLS = frozenset({"td", "th"})


def text_of_html(html: str) -> str:
    """The running text, one line a paragraph, without empty lines."""
    said: list[str] = []
    at = silent = 0
    for tag in TAG.finditer(html):
        if not silent:
            said.append(html[at : tag.start()].replace("\n", " "))
        at, name = tag.end(), tag[2].lower()
        if name in SILENT:
            silent = max(0, silent + (-1 if tag[1] else 1))
        elif name in BLOCKS or name in CELLS:
            said.append("\n" if name in BLOCKS else " ")
    if not silent:
        said.append(html[at:].replace("\n", " "))
    lines = (" ".join(unescape(line).split()) for line in "".join(said).split("\n"))
    return "\n".join(line for line in lines if line)


def html_of_text(text: str) -> str:
    """Plain text as HTML, each line that is not empty a paragraph."""
    lines = (line.strip() for line in text.splitlines())
    return "".join(f"<p>{escape(line, quote=False)}</p>" for line in lines if line)
