"""What happened in the sandbox: posts, calls, pictures, and the orders that make calls fail.

It all lives in memory, and is gone with the process.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from services.sandbox.budgets import Budget
from services.sandbox.faults import Fault

Act = Literal["post", "edit", "delete", "look", "media", "term", "login"]
"""What a call is about; the first three are what readers see."""
MOST_CALLS = 10_000
UNBOUNDED = 1_000_000_000
"""The calls of a budget that is never used up."""


@dataclass
class Post:
    """A post as its platform keeps it. Instants are milliseconds since 1970."""

    platform: str
    account: str
    id: str
    text: str
    """As it was sent."""
    made_at: int
    link: str = ""
    """The address that its card leads to."""
    title: str = ""
    summary: str = ""
    pictures: tuple[str, ...] = ()
    """Ids of pictures, as `World.pictures` has them."""
    alts: tuple[str, ...] = ()
    marked: tuple[tuple[bool, str], ...] = ()
    """The text as readers see it, where it was sent with marks: is it bold, and the words."""
    language: str = ""
    warning: str = ""
    """What hides the text until a reader asks for it."""
    length: str = ""
    """E.g. `137 / 500`, as the sandbox counted it."""
    edited_at: int = 0
    deleted_at: int = 0
    raw: dict[str, Any] = field(default_factory=dict)
    """What was sent."""


@dataclass(frozen=True)
class Call:
    """One request. `status` 0 = no answer was given."""

    platform: str
    act: Act
    at: int
    request: str
    """Method and path."""
    status: int
    fault: str = ""


@dataclass
class World:
    """Everything. `now` is the sandbox's clock, in milliseconds since 1970."""

    now: Callable[[], int]
    address: str = ""
    """Where the sandbox answers, without a slash at the end."""
    has_budgets: bool = True
    """Whether calls are counted. Without that a test need not last as long as the windows do."""
    posts: dict[tuple[str, str], Post] = field(default_factory=dict)
    """By platform and id, deleted ones included."""
    texts: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    """What each of them said, one time after the other."""
    calls: list[Call] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    pictures: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    """By id: media type and bytes."""
    alts: dict[str, str] = field(default_factory=dict)
    """By id: what a picture shows, in words."""
    _made: Counter[str] = field(default_factory=Counter)

    def number(self, kind: str) -> int:
        """The next number of a kind, from 1."""
        self._made[kind] += 1
        return self._made[kind]

    def budget(self, most: int, window_ms: int) -> Budget:
        """A new budget; one without bounds where calls are not counted."""
        return Budget(most if self.has_budgets else UNBOUNDED, window_ms)

    def put(self, post: Post) -> None:
        """Keep a new post, or one that takes the place of another."""
        self.posts[post.platform, post.id] = post
        said = "\n".join(filter(None, (post.title, post.text, post.summary)))
        self.texts.setdefault((post.platform, post.id), []).append(said)

    def standing(self, platform: str, post_id: str) -> Post | None:
        """The post, unless it was deleted or never was."""
        post = self.posts.get((platform, post_id))
        return post if post and not post.deleted_at else None

    def of(self, platform: str) -> list[Post]:
        """The posts that stand there, oldest first."""
        return [p for p in self.posts.values() if p.platform == platform and not p.deleted_at]

    def note(self, call: Call) -> None:
        """Write a call into the journal."""
        self.calls.append(call)
        del self.calls[:-MOST_CALLS]

    def order(self, *faults: Fault) -> None:
        """Let calls fail from now on."""
        self.faults += faults

    def forget_faults(self, platform: str = "") -> None:
        """Let all go well again, at one platform or at all."""
        self.faults = [f for f in self.faults if platform and f.platform != platform]

    def struck(self, platform: str, act: str) -> Fault | None:
        """The fault that this call meets; it is used up by that, once."""
        for fault in self.faults:
            if fault.meets(platform, act):
                fault.times -= 1
                self.faults = [one for one in self.faults if one.times > 0]
                return fault
        return None

    def suffers(self, platform: str, kind: str) -> bool:
        """Whether a fault that lasts is ordered: what is forgotten, or does not count any more."""
        return any(f.platform == platform and f.kind == kind for f in self.faults)


def count(calls: Iterable[Call], platform: str, act: str) -> int:
    """How many calls of an act a platform got."""
    return sum(one.platform == platform and one.act == act for one in calls)
