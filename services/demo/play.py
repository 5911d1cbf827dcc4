"""The demonstration: a sample newsroom sends its day, a reader watches what comes of it.

Publish, correct, withhold, embargo and kill, each looked at from outside: page, RSS, Atom, JSON
Feed, and the posts on every platform of the sandbox. `Play.checks` says what was seen, whether it
was as it should be or not.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import TypeVar

import httpx
from rich.progress import Progress

from services.demo.newsroom import Step
from services.demo.reader import Reader, Sight
from services.demo.wall import Wall
from services.publish.posts.story import is_correction
from services.publish.words import words_for
from shared.article import Article

SENT_PER_SECOND = 10
"""As fast as a busy newsroom; each of its stories is then measured on its own."""
PATIENCE_SECONDS = 20.0
POSTS_PATIENCE_SECONDS = 90.0
"""Platforms take so many posts a minute, and no more."""
LOOK_SECONDS = 0.05
T = TypeVar("T")
EARLY = timedelta(milliseconds=300)


@dataclass(frozen=True)
class Check:
    """One thing looked at."""

    name: str
    ok: bool
    detail: str


@dataclass
class Play:
    """One demonstration. `ingest` and `reader` reach a running installation."""

    steps: Sequence[Step]
    ingest: httpx.AsyncClient
    reader: Reader
    wall: Wall
    progress: Progress
    checks: list[Check] = field(default_factory=list)
    sent: list[Article] = field(default_factory=list)

    async def run(self, *, hurry: float = 1.0) -> None:
        """Send everything; `hurry` 3 = the live part of the day three times as fast."""
        begin = datetime.now(UTC)
        task = self.progress.add_task("the newsroom sends its day", total=len(self.steps))
        for step in self.steps:
            await self._until(begin + step.after / hurry)
            await self._send(step.article)
            if step.after:
                await self._look_at(step.article)
            self.progress.advance(task)
            await asyncio.sleep(1 / SENT_PER_SECOND)
        await self._look_at_embargoes()
        await self._look_back()
        await self._look_at_wall()

    async def _until(self, moment: datetime) -> None:
        rest = (moment - datetime.now(UTC)).total_seconds()
        if rest > 0:
            await asyncio.sleep(rest)

    async def _send(self, article: Article) -> str:
        body = article.model_dump_json(exclude_defaults=True).encode()
        headers = {"Content-Type": "application/json"}
        answer = await self.ingest.post("/v1/articles", content=body, headers=headers)
        outcome = str(answer.json().get("outcome", answer.status_code))
        wanted = "held" if _is_ahead(article) else "accepted"
        if outcome != wanted:
            self._note(f"{article.uri} is {wanted}", ok=False, detail=answer.text)
        self.sent.append(article)
        return outcome

    async def _look_at(self, article: Article) -> None:
        """What a live step should have done, seen from outside."""
        name = f"{article.headline[:12]}… v{article.version}"
        if article.pubstatus == "canceled":
            await self._look_at_kill(article)
        elif article.pubstatus == "withheld":
            await self._expect(f"withheld: {name}", article.uri, _is_withheld)
            await self._expect_no_posts("withheld: its posts are taken away", article.uri)
        elif article.correction is not None:
            await self._expect(f"corrected: {name}", article.uri, _shows(article))
        elif not _is_ahead(article):
            await self._expect(f"published: {name}", article.uri, _shows(article))

    async def _look_at_kill(self, article: Article) -> None:
        headline = next(one.headline for one in self.sent if one.uri == article.uri)
        await self._expect(f"killed: {headline[:12]}…", article.uri, _is_gone)

        async def nowhere() -> str:
            return ", ".join(await self.reader.pages_showing(headline))

        left = await _until_equal(nowhere, "")
        self._note("killed: on no other page, list or related card", ok=not left, detail=left)
        await self._expect_no_posts("killed: its posts are taken away", article.uri)

    async def _expect_no_posts(self, name: str, uri: str) -> None:
        headline = next(one.headline for one in self.sent if one.uri == uri)

        async def showing() -> str:
            return ", ".join(await self.wall.still_showing(headline))

        left = await _until_equal(showing, "", POSTS_PATIENCE_SECONDS)
        self._note(name, ok=not left, detail=left)

    async def _look_at_wall(self) -> None:
        """Followers of every platform have got news, and the last correction."""
        back = {one.uri for one in self.sent if one.pubstatus != "usable"}  # these are new posts
        last = [one for one in self.sent if is_correction(one) and one.uri not in back][-1]
        headline = words_for(last.language or "").correction_prefix + last.headline

        async def uncorrected() -> str:
            return ", ".join(await self.wall.uncorrected(headline))

        left = await _until_equal(uncorrected, "", POSTS_PATIENCE_SECONDS)
        self._note("corrected: on every platform that can", ok=not left, detail=left or headline)
        nobody: list[str] = []
        silent = await _until_equal(self.wall.silent, nobody, POSTS_PATIENCE_SECONDS)
        for platform, detail in (await self.wall.counts()).items():
            self._note(f"posted: on {platform}", ok=platform not in silent, detail=detail)

    async def _look_at_embargoes(self) -> None:
        for article in [one for one in self.sent if one.embargoed]:
            due = article.embargoed or datetime.now(UTC)
            await self._until(due - EARLY)
            early = await self.reader.look(article.uri)
            seen_early = datetime.now(UTC) < due and early.page == HTTPStatus.OK
            self._note("embargoed: not to be seen before its time", ok=not seen_early, detail="")
            await self._until(due)
            await self._expect("embargoed: live after its time", article.uri, _shows(article))

    async def _look_back(self) -> None:
        """Once all is sent: nothing is missing, nothing comes twice, nothing old comes back."""
        last = {article.uri: article for article in self.sent}
        await self.reader.look("")
        live = [uri for uri, article in last.items() if article.pubstatus == "usable"]
        missing = [uri for uri in live if (await self.reader.look(uri)).page != HTTPStatus.OK]
        told = ", ".join(missing) or f"{len(live)} stories"
        self._note("every story is live", ok=not missing, detail=told)
        corrected = next(one for one in self.sent if one.correction)
        first = next(one for one in self.sent if one.uri == corrected.uri)
        for name, article, outcome in [
            ("sent again: a duplicate", last[corrected.uri], "duplicate"),
            ("an older version: stale", first, "stale"),
            ("a late version of a killed story: refused", self._late(), "killed"),
        ]:
            body = article.model_dump_json(exclude_defaults=True).encode()
            answer = await self.ingest.post("/v1/articles?format=article_json", content=body)
            self._note(name, ok=answer.json().get("outcome") == outcome, detail=answer.text)

    def _late(self) -> Article:
        kill = next(one for one in self.sent if one.is_kill)
        story = next(one for one in self.sent if one.uri == kill.uri)
        return story.model_copy(update={"version": kill.version + 1})

    async def _expect(self, name: str, uri: str, holds: Callable[[Sight], bool]) -> None:
        async def seen() -> bool:
            return holds(await self.reader.look(uri))

        ok = await _until_equal(seen, wanted=True)
        sight = await self.reader.look(uri)
        feeds = zip(("RSS", "Atom", "JSON Feed"), sight.feeds, strict=True)
        listed = [feed for feed, title in feeds if title is not None]
        where = f"page {sight.page}; in {', '.join(listed) or 'no feed'}"
        self._note(name, ok=ok, detail=where + ("; Atom tombstone" if sight.tombstone else ""))

    def _note(self, name: str, *, ok: bool, detail: str) -> None:
        self.checks.append(Check(name, ok, detail))
        mark = "[green]✓[/]" if ok else "[red]✗[/]"
        self.progress.console.print(mark, name, style="" if ok else "red")


def _is_ahead(article: Article) -> bool:
    return article.due is not None and article.due > datetime.now(UTC)


def _shows(article: Article) -> Callable[[Sight], bool]:
    """On its page and in all three feeds, with the headline of this very version."""

    def holds(sight: Sight) -> bool:
        words = article.headline.split("　")[-1]
        note = article.correction.text[:20] if article.correction else ""
        titled = all(title is not None and words in title for title in sight.feeds)
        return sight.page == HTTPStatus.OK and words in sight.text and note in sight.text and titled

    return holds


def _is_withheld(sight: Sight) -> bool:
    return sight.page == HTTPStatus.NOT_FOUND and sight.feeds == (None, None, None)


def _is_gone(sight: Sight) -> bool:
    return sight.page == HTTPStatus.GONE and sight.feeds == (None, None, None) and sight.tombstone


async def _until_equal(
    look: Callable[[], Awaitable[T]], wanted: T, patience_s: float = PATIENCE_SECONDS
) -> T:
    """Look again and again until it is as wanted, or patience ends. Returns the last look."""
    give_up = asyncio.get_running_loop().time() + patience_s
    while (seen := await look()) != wanted and asyncio.get_running_loop().time() < give_up:
        await asyncio.sleep(LOOK_SECONDS)
    return seen
