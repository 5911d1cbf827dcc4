"""RULE: did a run leave the right posts? Judged from the sandbox's posts and the ledger's words.

    class                    duplicates                      without an answer, in the end
    -----------------------  ------------------------------  ----------------------------------
    A, B, C                  none                            known; at a B where nobody can look,
                                                             unknown when a newer version came
    D that asks a person     none                            unknown, once a crash and call, or
                                                             once an answer withheld
    D that sends again       one a crash, and one for each   known
                             answer withheld

A post is a duplicate where its story has one already; where nothing can be edited, where the same
version has one. What a killed story leaves standing is only excused where its platform deletes
nothing, or where nobody knows the name of the post; and then the ledger must say so.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal, get_args

from tests.chaos.social.evidence import Seen, SocialEvidence, Terms, Told, Wanted

Kind = Literal[
    "visible duplicate",
    "more duplicates than crashes",
    "older after newer",
    "lost",
    "wrong final version",
    "killed, still standing",
    "unknown without a cause",
    "given up",
    "post of no story",
    "not at rest",
]
KINDS: tuple[Kind, ...] = get_args(Kind)
IMPOSSIBLE = "impossible"


@dataclass(frozen=True)
class Finding:
    """One broken promise."""

    kind: Kind
    destination: str
    uri: str = ""
    detail: str = ""


@dataclass
class Account:
    """What came of one destination."""

    made: int = 0
    standing: int = 0
    duplicates: int = 0
    unknown: int = 0
    """Posts that wait for a person."""
    impossible: int = 0
    """Killed stories that could not be taken away, as the ledger says."""
    findings: list[Finding] = field(default_factory=list)


def judge(evidence: SocialEvidence) -> list[Finding]:
    """Everything that is wrong, nothing if all promises were kept."""
    troubles = [Finding("not at rest", "", detail=why) for why in evidence.unrest]
    if evidence.unsent:
        troubles.append(Finding("not at rest", "", detail=f"{evidence.unsent} events not sent"))
    found = [one for account in accounts(evidence).values() for one in account.findings]
    return troubles + found


def accounts(evidence: SocialEvidence) -> dict[str, Account]:
    """What came of each destination."""
    posts: dict[tuple[str, str], list[Seen]] = defaultdict(list)
    for post in evidence.posts:
        posts[post.destination, post.uri].append(post)
    return {name: _account(evidence, name, posts) for name in evidence.terms}


def _account(
    evidence: SocialEvidence, name: str, posts: Mapping[tuple[str, str], Sequence[Seen]]
) -> Account:
    account, terms = Account(), evidence.terms[name]
    for uri, wanted in evidence.wanted.items():
        _story(account, name, uri, wanted, terms, posts.get((name, uri), ()), evidence)
    ours = [post for post in evidence.posts if post.destination == name]
    account.made, account.standing = len(ours), sum(not post.is_deleted for post in ours)
    account.findings += [
        Finding("post of no story", name, detail=post.id)
        for post in ours
        if post.uri not in evidence.wanted or any(_strange(post))
    ]
    account.findings += _too_many(evidence, name, terms, account)
    return account


def _strange(post: Seen) -> Iterator[bool]:
    """Whether any of its wordings names a story that it was not about."""
    return (mark.uri != post.uri for marks in post.said for mark in marks)


def _too_many(
    evidence: SocialEvidence, name: str, terms: Terms, account: Account
) -> Iterator[Finding]:
    """What is allowed only so often as something happened that explains it."""
    withheld = evidence.unanswered.get(name, 0)
    most = evidence.crashes + withheld
    if terms.is_blind and terms.resends and account.duplicates > most:
        detail = f"{account.duplicates}, not {most} at most"
        yield Finding("more duplicates than crashes", name, detail=detail)
    most = evidence.crashes * terms.calls + withheld
    nameless = account.unknown + (account.impossible if terms.is_blind else 0)
    if nameless > most:
        detail = f"{nameless}, not {most} at most"
        yield Finding("unknown without a cause", name, detail=detail)


def _story(
    account: Account,
    name: str,
    uri: str,
    wanted: Wanted,
    terms: Terms,
    posts: Sequence[Seen],
    evidence: SocialEvidence,
) -> None:
    row = evidence.rows.get((uri, name), Told(0, "", ""))
    duplicates = _duplicates(posts, terms)
    account.duplicates += duplicates
    account.unknown += row.state == "unknown"
    if duplicates and not (terms.is_blind and terms.resends):
        told = ", ".join(post.id for post in posts)
        account.findings.append(Finding("visible duplicate", name, uri, told))
    account.findings += _reordered(name, uri, posts)
    account.findings += _of_row(name, uri, wanted, terms, row)
    shown = [post for post in posts if post.shown]
    if wanted.is_killed:
        is_excused = row.proof == IMPOSSIBLE and (terms.is_blind or not terms.deletes)
        account.impossible += row.proof == IMPOSSIBLE
        if shown and not is_excused:
            account.findings.append(Finding("killed, still standing", name, uri, shown[0].id))
    elif not (row.state == "unknown" and terms.may_ask(wanted.version)):
        account.findings += _last_of(name, uri, wanted, terms, shown)


def _duplicates(posts: Sequence[Seen], terms: Terms) -> int:
    if terms.edits:
        return max(0, len(posts) - 1)
    versions = Counter(max(post.said[0]).version for post in posts)
    return sum(count - 1 for count in versions.values())


def _reordered(name: str, uri: str, posts: Sequence[Seen]) -> Iterator[Finding]:
    firsts = [max(post.said[0]).version for post in posts]
    lines = [firsts, *([max(marks).version for marks in post.said if marks] for post in posts)]
    for line in lines:
        for before, after in pairwise(line):
            if after < before:
                yield Finding("older after newer", name, uri, f"{after} after {before}")


def _last_of(
    name: str, uri: str, wanted: Wanted, terms: Terms, shown: Sequence[Seen]
) -> Iterator[Finding]:
    if not shown:
        yield Finding("lost", name, uri, f"version {wanted.version}")
        return
    version = max(shown[-1].shown).version
    if version == wanted.version or (wanted.is_untold and not terms.edits):
        return
    detail = f"version {version}, not {wanted.version}"
    yield Finding("wrong final version", name, uri, detail)


def _of_row(name: str, uri: str, wanted: Wanted, terms: Terms, row: Told) -> Iterator[Finding]:
    op = "kill" if wanted.is_killed else "put"
    if (row.version, row.op) != (wanted.version, op):
        detail = f"the ledger wants {row.op or 'nothing'} {row.version}, not {op} {wanted.version}"
        yield Finding("wrong final version", name, uri, detail)
    elif row.state == "unknown" and not terms.may_ask(wanted.version):
        yield Finding("unknown without a cause", name, uri, row.error)
    elif row.state == "dead":
        yield Finding("given up", name, uri, row.error)
    elif row.state not in ("delivered", "cancelled", "unknown") and row.proof != IMPOSSIBLE:
        yield Finding("not at rest", name, uri, f"{row.state} {row.error}".strip())
