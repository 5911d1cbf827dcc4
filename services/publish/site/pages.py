"""Every page that readers see, from templates. Nothing here reads, writes or asks the time.

Pages are complete without scripts and load nothing but pictures.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from urllib.parse import quote, urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from services.publish.body import body_for_page, credit_line, further_images, lead_image
from services.publish.live import Card, Listing, LiveArticle, Note, Site, Tombstone
from services.publish.site.byline import byline_of
from services.publish.site.metadata import Head, article_head, list_head, notice_head
from services.publish.site.policy import ARTICLE_STYLES, LIST_STYLES
from services.publish.site.story import by_day, lay_out, section_of, story_of
from services.publish.words import words_for

_ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 8 8'%3E"
    "%3Cpath fill='%23a3182c' d='M0 0h8v8H0z'/%3E"
    "%3Cpath fill='%23fff' d='M2 2h4v1H2zm0 2h4v.5H2zm0 1.5h3V6H2z'/%3E%3C/svg%3E"
)
_SHARES = (
    ("LINE", "https://social-plugins.line.me/lineit/share?url={url}"),
    ("Facebook", "https://www.facebook.com/sharer/sharer.php?u={url}"),
    ("X", "https://x.com/intent/post?url={url}&text={headline}"),
)


@dataclass(frozen=True, slots=True)
class Pages:
    """The pages of one newspaper. `sections` are its navigation, in the order shown.

    `search_path` is where the search form leads; without one there is no form.
    """

    site: Site
    sections: Sequence[Listing] = ()
    search_path: str = ""

    def article(
        self, live: LiveArticle, related: Sequence[Card], newer: Sequence[Card] = ()
    ) -> bytes:
        """The page of a story: what is newer above it, the cards of 相關新聞 below it."""
        article, section = live.article, section_of(live)
        language = article.language or self.site.language
        words = words_for(language)
        kinds = {"correction": words.correction, "update": words.update}
        return self._page(
            "article.html",
            article_head(self.site, live),
            language,
            styles=ARTICLE_STYLES,
            current=section.path if section else "",
            live=live,
            article=article,
            section=section,
            byline=byline_of(article, words),
            notes=[(kinds[note.kind], note) for note in live.notes if _is_told(note)],
            newer=[self._card(card) for card in newer],
            lead=lead_image(article),
            body=Markup(body_for_page(article)),  # noqa: S704 - sanitised at the door
            further=further_images(article),
            tags=[listing for listing in live.lists if listing.kind == "tag"],
            shares=self._shares(live),
            related=[self._card(card) for card in related],
        )

    def listing(self, listing: Listing, articles: Sequence[LiveArticle]) -> bytes:
        """The front page, or the page of a section, tag or author; articles newest first."""
        stories = [story_of(self.site, live) for live in articles]
        head = list_head(self.site, listing)
        if listing.kind == "all":
            front = lay_out(stories, self.sections)
            changed = max((live.modified for live in articles), default=None)
            return self._page("front.html", head, front=front, changed=changed)
        days, words = by_day(self.site, stories), words_for(self.site.language)
        kinds = {"tag": words.tag, "author": words.author}
        return self._page(
            "list.html",
            head,
            current=listing.path,
            here=True,
            listing=listing,
            kind=kinds.get(listing.kind, ""),
            days=days,
        )

    def gone(self, tombstone: Tombstone) -> bytes:
        """The notice in place of a killed story. Serve with 410."""
        words = words_for(self.site.language)
        return self._notice(words.gone, words.gone_hint, tombstone.when)

    def withheld(self, path: str) -> bytes:
        """The notice in place of a story that is held back for now. Serve with 404."""
        words = words_for(self.site.language)
        return self._notice(words.withheld, words.withheld_hint, current=path)

    def not_found(self) -> bytes:
        """The notice for an address that leads nowhere. Serve with 404."""
        words = words_for(self.site.language)
        return self._notice(words.not_found, words.not_found_hint)

    def _notice(
        self, title: str, hint: str, when: datetime | None = None, current: str = ""
    ) -> bytes:
        head = notice_head(self.site, title)
        return self._page("notice.html", head, current=current, title=title, hint=hint, when=when)

    def _page(self, template: str, head: Head, language: str = "", **more: object) -> bytes:
        language = language or self.site.language
        context = {
            "styles": LIST_STYLES,
            "front": None,
            "changed": None,
            "current": "",
            "here": False,
            **more,
            "site": self.site,
            "sections": self.sections,
            "search_path": self.search_path,
            "head": head,
            "href": self._href,
            "icon": _ICON,
            "language": language,
            "words": words_for(language),
            "site_words": words_for(self.site.language),
        }
        return _templates().get_template(template).render(context).encode()

    def _href(self, path: str) -> str:
        """The address of a path without scheme and host, so that pages work on any of our hosts."""
        parts = urlsplit(self.site.base_url)
        origin = f"{parts.scheme}://{parts.netloc}" if parts.scheme else ""
        return self.site.url(path).removeprefix(origin)

    def _card(self, card: Card) -> dict[str, object]:
        own = card.url.startswith("/") and not card.url.startswith("//")
        outside = card.url.startswith(("https://", "http://"))
        href = self._href(card.url) if own else card.url * outside
        return {
            "href": href,
            "outside": outside and not card.url.startswith(f"{self.site.base_url}/"),
            "headline": card.headline,
            "excerpt": card.excerpt,
            "date_published": card.date_published,
            "reason": card.reason,
        }

    def _shares(self, live: LiveArticle) -> list[tuple[str, str]]:
        url = quote(self.site.url(live.path), safe="")
        headline = quote(live.article.headline, safe="")
        return [(name, form.format(url=url, headline=headline)) for name, form in _SHARES]


def _is_told(note: Note) -> bool:
    """A correction always; an update that says nothing more than the date of the page does not."""
    return note.kind == "correction" or bool(note.text)


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=PackageLoader("services.publish.site"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.policies["json.dumps_kwargs"] = {"ensure_ascii": False}
    environment.filters["credit_line"] = credit_line
    for name in environment.list_templates(extensions=["html"]):
        environment.get_template(name)  # compiled now, not when the first story is in a hurry
    return environment
