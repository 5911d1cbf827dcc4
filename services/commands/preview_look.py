"""How a preview looks at the terminal: one frame a destination, as near to a post as text is."""

from collections.abc import Iterator, Sequence

from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.text import Text

from services.commands.terminal import plain
from services.preview.look import Card, Look
from shared.article import Article

WIDTH, BAR = 78, 24


def printed(
    article: Article, url: str, remarks: Sequence[str], looks: Sequence[Look]
) -> RenderableType:
    """The whole preview."""
    about = f"{article.uri}  version {article.version}  {article.language or 'no language'}"
    head = [plain(article.headline, "bold"), plain(about, "dim"), plain(url, "cyan")]
    head += [plain(f"▲ {remark}", "yellow") for remark in remarks]
    return Group(Padding(Group(*head), (1, 1)), *map(_frame, looks))


def _frame(look: Look) -> Panel:
    style = "red" if look.is_refused else "yellow" if look.bars else "green"
    title = Text.assemble((look.title, "bold"), f"  {look.destination}" * _is_named(look))
    return Panel(
        Group(*_parts(look)),
        title=title,
        title_align="left",
        subtitle=_length(look),
        subtitle_align="right",
        border_style=style,
        box=box.ROUNDED,
        padding=(1, 2, 0, 2),
        width=WIDTH,
    )


def _is_named(look: Look) -> bool:
    return look.destination != look.channel


def _parts(look: Look) -> Iterator[RenderableType]:
    if look.hidden_behind:
        yield plain(f"▸ {look.hidden_behind}", "reverse")
    yield _text(look.text)
    yield from (
        plain(f"▣ {alt or 'a picture without description'}", "dim") for alt in look.pictures
    )
    yield plain("")
    if look.card:
        yield _card(look.card)
    yield from (plain(f"■ not sent now: {bar}", "bold yellow") for bar in look.bars)
    style = "red" if look.is_refused else "yellow"
    yield from (plain(f"▲ {warning}", style) for warning in look.warnings)
    if look.bars or look.warnings:
        yield plain("")


def _text(text: str) -> Text:
    """Links and hashtags in colours, as platforms have them."""
    shown = Text(text)
    shown.highlight_regex(r"https?://[!-~]+", "cyan underline")
    shown.highlight_regex(r"(?<!\S)#\w+", "cyan")
    shown.highlight_regex(r"^【[^】]+】", "bold yellow")
    return shown


def _card(card: Card) -> Panel:
    picture = [plain(f"▣ {card.picture}", "dim")] if card.picture else []
    rest = [plain(card.description, "dim")] if card.description else []
    maker = "card" if card.is_own else "card, made from the page"
    return Panel(
        Group(*picture, plain(card.title, "bold"), *rest, plain(card.url, "cyan")),
        subtitle=plain(maker, "dim"),
        subtitle_align="left",
        border_style="dim",
        box=box.ROUNDED,
        padding=(0, 1),
    )


def _length(look: Look) -> Text:
    """The count, with a bar where there is a limit to it."""
    gauge = look.gauge
    if gauge is None:
        return Text(f" {look.length} ")
    full = min(gauge.count / gauge.most, 1.0)
    is_over, is_high = gauge.count > gauge.most, gauge.count > gauge.high
    style = "red" if is_over else "yellow" if is_high else "green"
    filled = round(full * BAR)
    bar = ("━" * filled, style), ("─" * (BAR - filled), "dim")
    return Text.assemble(*bar, f" {look.length} ")
