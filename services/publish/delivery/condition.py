"""RULE: how a destination is, in one word.

well       the last call succeeded, or there was none
failing    the last call failed; it is tried again
resting    ten failed in a row: only a probe now and then, and kills
disabled   nothing succeeded for 120 hours: a probe a day, and kills; or it asked for no calls
paused     by a person, or by its own answer: kills only
retired    it has left the settings file: kills only, and nothing new is planned
"""

from typing import Literal

from services.publish.delivery.breaker import Health

Condition = Literal["well", "failing", "resting", "disabled", "paused", "retired"]
State = Literal["active", "paused", "disabled", "retired"]


def condition(state: State, health: Health, now: int) -> Condition:
    """`state` is what was decided about it, `health` how it answers."""
    if state != "active":
        return state
    if health.is_disabled(now):
        return "disabled"
    if health.is_open:
        return "resting"
    return "well" if health.is_well else "failing"
