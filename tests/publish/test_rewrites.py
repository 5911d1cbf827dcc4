"""The page of an old story leads on to the article that evolved from it, while that one is live."""

from pathlib import Path

import pytest
from redis.asyncio import Redis

from services.ingest.ledger import Ledger
from shared.article import Article
from shared.streams import Keys
from tests.publish.newspaper import NOW, Newspaper, kill, story, uri_of


@pytest.fixture
def paper(redis: Redis, tmp_path: Path) -> Newspaper:
    return Newspaper(redis, tmp_path)


async def tell(paper: Newspaper, *articles: Article) -> None:
    """Through ingest's ledger, which notes who evolved from whom; then the site is built."""
    for article in articles:
        await Ledger(paper.redis, Keys(3)).accept(article, NOW)
    await paper.tell(*articles)
    await paper.builder.rebuild_dirty()


def rewrite(name: str, version: int = 1, **fields: object) -> Article:
    return story(name, version, **{"evolved_from": uri_of("old"), **fields})


async def test_it_leads_on_as_soon_as_the_rewrite_is_live_and_as_long(paper: Newspaper) -> None:
    await tell(paper, story("old"))
    assert await paper.page("old") == "live|old1"
    await tell(paper, rewrite("new"))
    new = await paper.desk.row(uri_of("new"))
    assert new
    assert await paper.page("old") == f"live|old1|newer: new1>{new.path}"
    await tell(paper, rewrite("new", 2, headline="改題"))
    assert await paper.page("old") == f"live|old1|newer: 改題>{new.path}"
    await tell(paper, kill("new", 2))
    assert await paper.page("old") == "live|old1"


async def test_a_rewrite_that_came_first_is_on_the_page_from_the_first(paper: Newspaper) -> None:
    await tell(paper, rewrite("new"), story("old"))
    assert "newer: new1>" in await paper.page("old")


@pytest.mark.parametrize(
    "away",
    [
        rewrite("new", 2, pubstatus="withheld"),
        rewrite("new", 2, evolved_from=uri_of("another")),
        rewrite("new", 2, expires=NOW.isoformat()),
    ],
    ids=["withheld", "of another story now", "expired"],
)
async def test_it_does_not_lead_to_what_is_not_there_or_not_its_rewrite(
    paper: Newspaper, away: Article
) -> None:
    await tell(paper, story("old"), rewrite("new"))
    await tell(paper, away)
    assert await paper.page("old") == "live|old1"


async def test_the_newest_rewrites_come_first_and_no_more_than_three(paper: Newspaper) -> None:
    await tell(paper, story("old"), *(rewrite(f"r{number}") for number in range(5)))
    page = await paper.page("old")
    links = [part for part in page.split("|") if part.startswith("newer")]
    assert [link.split(">")[0] for link in links] == ["newer: r41", "newer: r31", "newer: r21"]


async def test_a_kill_of_the_old_story_leaves_its_rewrite_live(paper: Newspaper) -> None:
    await tell(paper, story("old"), rewrite("new"), kill("old"))
    assert await paper.page("old") == f"gone|{uri_of('old')}"
    assert await paper.page("new") == "live|new1"
