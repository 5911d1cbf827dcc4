"""The terminal as commands write to it: nothing in a uri or a headline is taken for markup."""

from rich.console import Console
from rich.text import Text

console = Console(emoji=False, highlight=False)


def plain(text: object, style: str = "") -> Text:
    """Text exactly as it is, whatever brackets and colons it has."""
    return Text(str(text), style=style)
