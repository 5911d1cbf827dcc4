"""RULE: which call is the next one of a leased row.

leased for                         and                                  call
a look                                                                  find
a put                              something stands there, can edit     edit
                                   else                                 deliver
a kill of what has no name yet     can look                             find
                                   cannot look                          none: impossible
a kill                             can delete                           delete
                                   cannot, or was told so; can edit     notice
                                   neither                              none: impossible
"""

from typing import Literal

from services.publish.delivery.caps import Caps
from services.publish.delivery.row import Outcome, Row

Step = Literal["deliver", "edit", "delete", "notice", "find"]

NAMELESS = "it may stand there: nobody knows whether it arrived, and one cannot look"
UNDELETABLE = "what stands there can be neither deleted nor changed"


def step_of(row: Row, caps: Caps) -> Step | Outcome:
    """The call to make, or the outcome that is certain without one."""
    if row.state != "sending":
        return "find"
    is_named = bool(row.remote_id) or not caps.has_ids
    if row.sending_op == "put":
        return "edit" if caps.edits and not row.is_first and is_named else "deliver"
    if not is_named:
        return "find" if caps.finds else Outcome("impossible", NAMELESS, reached=False)
    if caps.deletes and not (row.proof == "impossible" and caps.edits):
        return "delete"
    return "notice" if caps.edits else Outcome("impossible", UNDELETABLE, reached=False)
