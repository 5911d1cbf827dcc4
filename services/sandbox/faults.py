"""RULE: the orders that make calls fail, and which calls they meet.

    kind          the call is   the caller gets
    lost          done          an answer that breaks off
    dropped       not done      the same
    hang          done          no answer, for as long as it waits
    stall         not done      the same
    limited       not done      429, with a Retry-After of `seconds`
    broken        not done      `status`, 500 to 599
    refused       not done      what the platform says to a post that it will never take

An order meets the next `times` calls of its `act`, or of any act that readers see; with a `chance`
below 1 only so many of them, which ones is decided by its `seed`. Two last until they are taken
back:

    expired       tokens that were given out before count no more
    forgetful     keys of idempotency are ignored
"""

from random import Random
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr

Kind = Literal[
    "lost", "dropped", "hang", "stall", "limited", "broken", "refused", "expired", "forgetful"
]
LASTING = ("expired", "forgetful")
SEEN = ("post", "edit", "delete")


class Fault(BaseModel):
    """One order. `times` counts down."""

    model_config = ConfigDict(extra="forbid", validate_assignment=True)

    platform: str
    kind: Kind
    act: Literal["", "post", "edit", "delete", "look", "media", "term", "login"] = ""
    times: Annotated[int, Field(ge=0, le=1_000_000)] = 1
    seconds: Annotated[float, Field(ge=0, le=86_400)] = 5
    status: Annotated[int, Field(ge=500, le=599)] = 503
    chance: Annotated[float, Field(gt=0, le=1)] = 1
    seed: int = 0
    _dice: Random = PrivateAttr()

    def model_post_init(self, _: object) -> None:
        """The same throws for the same seed."""
        self._dice = Random(self.seed)  # noqa: S311  # which call fails is no secret

    def meets(self, platform: str, act: str) -> bool:
        """Whether a call is struck by it."""
        is_act = act == self.act or (not self.act and act in SEEN)
        if self.kind in LASTING or platform != self.platform or not is_act:
            return False
        return self.chance == 1 or self._dice.random() < self.chance
