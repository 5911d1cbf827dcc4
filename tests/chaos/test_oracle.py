"""The oracle can fail: each broken promise, put into a log by hand, is named, and no other."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.chaos.evidence import Answer, Evidence, Listing, Mark, Notice, Page, Stored, marks_in
from tests.chaos.oracle import KINDS, Finding, judge
from tests.chaos.plan import headline_of

CORRECTED, KILLED, UNBORN = "urn:chaos:000001", "urn:chaos:000002", "urn:chaos:000003"
SITE = "http://127.0.0.1:8080"
DONE, CANCELLED = "delivered", "cancelled"

Deed = Callable[[Evidence], None]


def kept() -> Evidence:
    """A run in which all went well: one story corrected, one killed, one killed before it came.

    Of three versions the second was overtaken by the third, and never sent.
    """
    return Evidence(
        answers=[
            Answer(CORRECTED, 1, "put", "accepted"),
            Answer(KILLED, 1, "put", "duplicate", tries=2),
            Answer(UNBORN, 1, "kill", "accepted"),
            Answer(UNBORN, 1, "put", "killed"),
            Answer(CORRECTED, 2, "put", "accepted"),
            Answer(CORRECTED, 3, "put", "accepted"),
            Answer(CORRECTED, 1, "put", "stale"),
            Answer(KILLED, 1, "kill", "accepted"),
        ],
        notices=[
            put("a", CORRECTED, 1),
            put("b", KILLED, 1),
            put("c", CORRECTED, 3),
            put("c", CORRECTED, 3),  # a retry under the same id is nothing that one can see
            put("a", CORRECTED, 1),
            replace(put("d", KILLED, 1), op="kill"),
        ],
        pages=[
            Page("/news/1", 200, Mark(CORRECTED, 3)),
            Page("/news/2", 410),
        ],
        listings=[
            Listing("/", "list", (Mark(CORRECTED, 3),)),
            Listing("/atom.xml", "feed", (Mark(CORRECTED, 3),)),
        ],
        wanted_listings={"/": (CORRECTED,), "/atom.xml": (CORRECTED,)},
        stored={
            CORRECTED: Stored((3, "live"), (3, "live"), (3, DONE)),
            KILLED: Stored((1, "killed"), (1, "gone"), (1, DONE)),
            UNBORN: Stored((1, "killed"), (1, "gone"), (1, CANCELLED)),
        },
    )


def put(id_: str, uri: str, version: int) -> Notice:
    return Notice(id_, "put", uri, version, f"{SITE}/news/{int(uri[-6:])}")


def test_a_run_that_kept_everything_has_no_findings() -> None:
    assert judge(kept()) == []


def losing_the_webhook(seen: Evidence) -> None:
    seen.notices = [one for one in seen.notices if one.uri != CORRECTED]


def losing_the_page(seen: Evidence) -> None:
    del seen.pages[0]


def losing_the_feed_entry(seen: Evidence) -> None:
    seen.listings[1] = Listing("/atom.xml", "feed", ())


def losing_the_feed(seen: Evidence) -> None:
    del seen.listings[1]


def parking_an_entry(seen: Evidence) -> None:
    seen.parked.append("delivered too often without an outcome")


def sending_twice_under_two_ids(seen: Evidence) -> None:
    seen.notices.append(put("e", CORRECTED, 3))


def giving_a_story_two_pages(seen: Evidence) -> None:
    seen.pages.append(Page("/news/9", 200, Mark(CORRECTED, 3)))


def listing_a_story_twice(seen: Evidence) -> None:
    seen.listings[1] = Listing("/atom.xml", "feed", (Mark(CORRECTED, 3),) * 2)


def sending_an_older_version_after_a_newer_one(seen: Evidence) -> None:
    seen.notices.insert(0, put("e", CORRECTED, 2))


def sending_a_put_after_the_kill(seen: Evidence) -> None:
    seen.notices[0:0] = [replace(put("d", KILLED, 1), op="kill")]
    seen.notices.append(replace(put("f", KILLED, 2), op="kill"))


def ending_on_the_older_version(seen: Evidence) -> None:
    seen.notices = [one for one in seen.notices if one.id != "c"]


def showing_an_older_page(seen: Evidence) -> None:
    seen.pages[0] = Page("/news/1", 200, Mark(CORRECTED, 1))


def packing_an_older_list(seen: Evidence) -> None:
    seen.listings.append(Listing("/ (gzip)", "list", (Mark(CORRECTED, 1),)))


def keeping_an_older_row(seen: Evidence) -> None:
    seen.stored[CORRECTED] = replace(seen.stored[CORRECTED], desk=(1, "live"))


def leaving_a_delivery_undone(seen: Evidence) -> None:
    seen.stored[CORRECTED] = replace(seen.stored[CORRECTED], delivery=(3, "sending"))


def keeping_a_killed_page(seen: Evidence) -> None:
    seen.pages[1] = Page("/news/2", 200)


def showing_a_killed_story(seen: Evidence) -> None:
    seen.pages.append(Page("/news/3", 200, Mark(UNBORN, 1)))


def listing_a_killed_story(seen: Evidence) -> None:
    seen.listings[0] = Listing("/", "list", (Mark(CORRECTED, 3), Mark(KILLED, 1)))


def feeding_a_killed_story(seen: Evidence) -> None:
    seen.listings[1] = Listing("/atom.xml", "feed", (Mark(CORRECTED, 3), Mark(KILLED, 1)))


def linking_a_killed_story(seen: Evidence) -> None:
    seen.pages[0] = replace(seen.pages[0], cards=frozenset({Mark(KILLED, 1)}))


def withholding_the_kill(seen: Evidence) -> None:
    seen.notices = [one for one in seen.notices if one.op == "put"]


def leaving_half_a_file(seen: Evidence) -> None:
    seen.half_written.append("news/20261123/.k3f9a2m7q4xwb.html.new")


def forging_a_signature(seen: Evidence) -> None:
    seen.notices[0] = replace(seen.notices[0], is_signed=False)


def answering_never(seen: Evidence) -> None:
    seen.unanswered = 1


def working_on(seen: Evidence) -> None:
    seen.is_settled = False


CASES: list[tuple[Deed, str, str]] = [
    (losing_the_webhook, "lost", CORRECTED),
    (losing_the_page, "lost", CORRECTED),
    (losing_the_feed_entry, "lost", CORRECTED),
    (losing_the_feed, "lost", CORRECTED),
    (parking_an_entry, "lost", ""),
    (sending_twice_under_two_ids, "visible duplicate", CORRECTED),
    (giving_a_story_two_pages, "visible duplicate", CORRECTED),
    (listing_a_story_twice, "visible duplicate", CORRECTED),
    (sending_an_older_version_after_a_newer_one, "older after newer", CORRECTED),
    (sending_a_put_after_the_kill, "older after newer", KILLED),
    (ending_on_the_older_version, "wrong final version", CORRECTED),
    (showing_an_older_page, "wrong final version", CORRECTED),
    (packing_an_older_list, "wrong final version", CORRECTED),
    (keeping_an_older_row, "wrong final version", CORRECTED),
    (leaving_a_delivery_undone, "wrong final version", CORRECTED),
    (keeping_a_killed_page, "killed, visible on a page", KILLED),
    (showing_a_killed_story, "killed, visible on a page", UNBORN),
    (listing_a_killed_story, "killed, visible in a list", KILLED),
    (feeding_a_killed_story, "killed, visible in a feed", KILLED),
    (linking_a_killed_story, "killed, visible on a related card", KILLED),
    (withholding_the_kill, "killed, visible at the webhook receiver", KILLED),
    (leaving_half_a_file, "half-written file left", ""),
    (forging_a_signature, "not signed", CORRECTED),
    (answering_never, "not at rest", ""),
    (working_on, "not at rest", ""),
]


@pytest.mark.parametrize(
    ("deed", "kind", "uri"), CASES, ids=lambda one: getattr(one, "__name__", "")
)
def test_a_broken_promise_is_named(deed: Deed, kind: str, uri: str) -> None:
    seen = kept()
    deed(seen)
    assert {(one.kind, one.uri) for one in judge(seen)} == {(kind, uri)}


def test_every_kind_of_broken_promise_has_a_case() -> None:
    assert {kind for _, kind, _ in CASES} == set(KINDS)


def test_a_finding_says_where_and_what() -> None:
    seen = kept()
    sending_an_older_version_after_a_newer_one(seen)
    [finding] = judge(seen)
    assert finding == Finding(
        "older after newer", "webhook receiver", CORRECTED, "put 1 after put 2"
    )


def test_a_refused_version_is_wanted_nowhere() -> None:
    seen = kept()
    seen.answers.append(Answer("urn:chaos:000009", 1, "put", "stale"))
    assert judge(seen) == []


def test_a_mark_is_found_in_a_headline_wherever_it_stands() -> None:
    text = f"<h1>{headline_of(7, 2)}</h1> {headline_of(7, 2)} {headline_of(8, 1)}"
    assert marks_in([text]) == (Mark("urn:chaos:000007", 2), Mark("urn:chaos:000008", 1))
