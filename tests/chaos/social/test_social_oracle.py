"""The oracle of social runs can fail: each broken promise, made by hand, is named, and no other."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.chaos.evidence import Mark
from tests.chaos.social.evidence import Seen, SocialEvidence, Terms, Told, Wanted
from tests.chaos.social.oracle import IMPOSSIBLE, KINDS, Finding, accounts, judge

CORRECTED, KILLED, UNBORN = "urn:chaos:000001", "urn:chaos:000003", "urn:chaos:000005"
SURE, LOOSE = "bluesky", "line"
ASKING, AGAIN = "discord", "telegram"
Deed = Callable[[SocialEvidence], None]


def post(where: str, uri: str, *versions: int, number: int = 1, gone: bool = False) -> Seen:
    """A post that was made, and edited, to say these versions."""
    said = tuple((Mark(uri, version),) for version in versions)
    return Seen(where, f"{uri[-1]}-{number}", number, said, gone)


def kept() -> SocialEvidence:
    """A run in which all went well: one story corrected, one killed, one killed before it came.

    LOOSE can neither edit nor delete. AGAIN was struck by two crashes during one story, and by one
    withheld answer, so that it stands there more than once; ASKING does not know of one story.
    """
    everywhere = (SURE, LOOSE, ASKING, AGAIN)
    rows = {(CORRECTED, name): Told(2, "put", "delivered") for name in everywhere}
    rows |= {(KILLED, name): Told(1, "kill", "delivered", "gone") for name in everywhere}
    rows |= {(UNBORN, name): Told(1, "kill", "cancelled", "gone") for name in everywhere}
    rows[KILLED, LOOSE] = Told(1, "kill", "waiting", IMPOSSIBLE)
    rows[CORRECTED, ASKING] = Told(2, "put", "unknown")
    rows[KILLED, ASKING] = Told(1, "kill", "waiting", IMPOSSIBLE)
    return SocialEvidence(
        wanted={CORRECTED: Wanted(2), KILLED: Wanted(1, True), UNBORN: Wanted(1, True)},
        terms={
            SURE: Terms(edits=True, deletes=True),
            LOOSE: Terms(edits=False, deletes=False, has_key_only=True),
            ASKING: Terms(edits=True, deletes=True, is_blind=True, calls=1),
            AGAIN: Terms(edits=True, deletes=True, is_blind=True, resends=True, calls=1),
        },
        posts=[
            post(SURE, CORRECTED, 1, 2),
            post(SURE, KILLED, 1, gone=True),
            post(LOOSE, CORRECTED, 1),
            post(LOOSE, CORRECTED, 2, number=2),
            post(LOOSE, KILLED, 1),
            post(ASKING, KILLED, 1),
            post(AGAIN, CORRECTED, 1),
            post(AGAIN, CORRECTED, 1, number=2),
            post(AGAIN, CORRECTED, 1, 2, number=3),
            post(AGAIN, CORRECTED, 2, number=4),
            post(AGAIN, KILLED, 1, gone=True),
        ],
        rows=rows,
        crashes=2,
        unanswered={AGAIN: 1},
    )


def test_a_run_that_kept_everything_has_no_findings() -> None:
    assert judge(kept()) == []


def test_what_was_excused_is_counted() -> None:
    found = accounts(kept())
    assert (found[AGAIN].duplicates, found[SURE].duplicates) == (3, 0)
    assert (found[ASKING].unknown, found[ASKING].impossible) == (1, 1)
    assert (found[LOOSE].made, found[LOOSE].standing, found[LOOSE].impossible) == (3, 3, 1)


def posting_twice(seen: SocialEvidence) -> None:
    seen.posts.append(post(SURE, CORRECTED, 2, number=2))


def posting_twice_and_deleting_one(seen: SocialEvidence) -> None:
    seen.posts.insert(0, post(SURE, CORRECTED, 1, number=2, gone=True))


def posting_twice_what_was_killed(seen: SocialEvidence) -> None:
    seen.posts.append(post(SURE, KILLED, 1, number=2, gone=True))


def posting_a_version_twice(seen: SocialEvidence) -> None:
    seen.posts.append(post(LOOSE, CORRECTED, 2, number=3))


def posting_twice_where_a_person_is_asked(seen: SocialEvidence) -> None:
    seen.posts += [post(ASKING, CORRECTED, 2), post(ASKING, CORRECTED, 2, number=2)]


def posting_more_often_than_crashes_explain(seen: SocialEvidence) -> None:
    seen.posts.append(post(AGAIN, CORRECTED, 2, number=5))


def going_back_by_an_edit(seen: SocialEvidence) -> None:
    seen.posts[0] = post(SURE, CORRECTED, 1, 2, 1, 2)


def posting_an_older_version_later(seen: SocialEvidence) -> None:
    seen.posts[2:4] = [post(LOOSE, CORRECTED, 2), post(LOOSE, CORRECTED, 1, number=2)]
    seen.wanted[CORRECTED] = Wanted(2, is_untold=True)
    seen.posts = [one for one in seen.posts if one.uri != CORRECTED or one.destination == LOOSE]
    seen.posts += [post(SURE, CORRECTED, 2), post(AGAIN, CORRECTED, 2)]


def losing_a_post(seen: SocialEvidence) -> None:
    del seen.posts[0]


def losing_a_post_by_a_delete(seen: SocialEvidence) -> None:
    seen.posts[0] = replace(seen.posts[0], is_deleted=True)


def ending_on_the_older_version(seen: SocialEvidence) -> None:
    seen.posts[0] = post(SURE, CORRECTED, 1)


def leaving_out_a_correction_that_needs_a_post(seen: SocialEvidence) -> None:
    del seen.posts[3]


def wanting_an_older_version(seen: SocialEvidence) -> None:
    seen.rows[CORRECTED, SURE] = Told(1, "put", "delivered")


def wanting_nothing(seen: SocialEvidence) -> None:
    del seen.rows[UNBORN, SURE]


def leaving_a_killed_post(seen: SocialEvidence) -> None:
    seen.posts[1] = post(SURE, KILLED, 1)


def calling_it_impossible_where_posts_have_names(seen: SocialEvidence) -> None:
    leaving_a_killed_post(seen)
    seen.rows[KILLED, SURE] = Told(1, "kill", "waiting", IMPOSSIBLE)


def saying_that_it_is_gone_where_nothing_can_be_deleted(seen: SocialEvidence) -> None:
    seen.rows[KILLED, LOOSE] = Told(1, "kill", "delivered", "gone")


def showing_what_was_killed_before(seen: SocialEvidence) -> None:
    seen.posts.append(post(SURE, UNBORN, 1))


def not_knowing_where_one_can_look(seen: SocialEvidence) -> None:
    seen.rows[CORRECTED, SURE] = Told(2, "put", "unknown")


def not_knowing_what_has_a_key(seen: SocialEvidence) -> None:
    seen.wanted[CORRECTED] = Wanted(1)
    for name in seen.terms:
        seen.rows[CORRECTED, name] = Told(1, "put", "unknown" if name == LOOSE else "delivered")
    seen.posts = [post(name, CORRECTED, 1) for name in seen.terms]


def not_knowing_more_often_than_crashes_explain(seen: SocialEvidence) -> None:
    seen.crashes = 1
    seen.unanswered[AGAIN] = 2


def giving_up(seen: SocialEvidence) -> None:
    seen.rows[CORRECTED, SURE] = Told(2, "put", "dead", error="3 workers ended during the call")


def waiting_still(seen: SocialEvidence) -> None:
    seen.rows[CORRECTED, SURE] = Told(2, "put", "waiting", error="503")


def posting_what_is_no_story(seen: SocialEvidence) -> None:
    seen.posts.append(Seen(SURE, "0", 9, ((),)))


def posting_two_stories_in_one(seen: SocialEvidence) -> None:
    seen.posts[0] = replace(seen.posts[0], said=((Mark(CORRECTED, 2),), (Mark(KILLED, 2),)))


def working_on(seen: SocialEvidence) -> None:
    seen.unrest.append("article.published: 3 pending")


def keeping_an_event(seen: SocialEvidence) -> None:
    seen.unsent = 1


CASES: list[tuple[Deed, str, str, str]] = [
    (posting_twice, "visible duplicate", SURE, CORRECTED),
    (posting_twice_and_deleting_one, "visible duplicate", SURE, CORRECTED),
    (posting_twice_what_was_killed, "visible duplicate", SURE, KILLED),
    (posting_a_version_twice, "visible duplicate", LOOSE, CORRECTED),
    (posting_twice_where_a_person_is_asked, "visible duplicate", ASKING, CORRECTED),
    (posting_more_often_than_crashes_explain, "more duplicates than crashes", AGAIN, ""),
    (going_back_by_an_edit, "older after newer", SURE, CORRECTED),
    (posting_an_older_version_later, "older after newer", LOOSE, CORRECTED),
    (losing_a_post, "lost", SURE, CORRECTED),
    (losing_a_post_by_a_delete, "lost", SURE, CORRECTED),
    (ending_on_the_older_version, "wrong final version", SURE, CORRECTED),
    (leaving_out_a_correction_that_needs_a_post, "wrong final version", LOOSE, CORRECTED),
    (wanting_an_older_version, "wrong final version", SURE, CORRECTED),
    (wanting_nothing, "wrong final version", SURE, UNBORN),
    (leaving_a_killed_post, "killed, still standing", SURE, KILLED),
    (calling_it_impossible_where_posts_have_names, "killed, still standing", SURE, KILLED),
    (saying_that_it_is_gone_where_nothing_can_be_deleted, "killed, still standing", LOOSE, KILLED),
    (showing_what_was_killed_before, "killed, still standing", SURE, UNBORN),
    (not_knowing_where_one_can_look, "unknown without a cause", SURE, CORRECTED),
    (not_knowing_what_has_a_key, "unknown without a cause", LOOSE, CORRECTED),
    (not_knowing_more_often_than_crashes_explain, "unknown without a cause", ASKING, ""),
    (giving_up, "given up", SURE, CORRECTED),
    (waiting_still, "not at rest", SURE, CORRECTED),
    (posting_what_is_no_story, "post of no story", SURE, ""),
    (posting_two_stories_in_one, "post of no story", SURE, ""),
    (working_on, "not at rest", "", ""),
    (keeping_an_event, "not at rest", "", ""),
]


@pytest.mark.parametrize(
    ("deed", "kind", "destination", "uri"), CASES, ids=lambda one: getattr(one, "__name__", "")
)
def test_a_broken_promise_is_named(deed: Deed, kind: str, destination: str, uri: str) -> None:
    seen = kept()
    deed(seen)
    found = {(one.kind, one.destination, one.uri) for one in judge(seen)}
    assert found == {(kind, destination, uri)}


def test_every_kind_of_broken_promise_has_a_case() -> None:
    assert {kind for _, kind, _, _ in CASES} == set(KINDS)


def test_a_finding_says_where_and_what() -> None:
    seen = kept()
    going_back_by_an_edit(seen)
    assert judge(seen) == [Finding("older after newer", SURE, CORRECTED, "1 after 2")]


def test_a_newer_version_may_wait_for_a_person_where_only_keys_are_known() -> None:
    seen = kept()
    seen.rows[CORRECTED, LOOSE] = Told(2, "put", "unknown")
    del seen.posts[3]
    assert judge(seen) == []


def test_a_version_that_needs_no_post_needs_none_where_nothing_can_be_edited() -> None:
    seen = kept()
    seen.wanted[CORRECTED] = Wanted(2, is_untold=True)
    leaving_out_a_correction_that_needs_a_post(seen)
    assert judge(seen) == []
