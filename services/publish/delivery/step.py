"""RULE: which call is the next one of a leased row.

leased for                          and                                  call
a look                                                                   find
a put                               something stands there, can edit     edit
                                    else                                 deliver
a kill of what may have no name     can look                             find
                                    cannot look, and knows no name       none: impossible
a kill                              can delete                           delete, all it knows
                                    cannot, or was told so; can edit     notice
                                    neither                              none: impossible
"""

from typing import Literal

from services.publish.delivery.caps import Caps, is_nameless
from services.publish.delivery.row import Outcome, Row

Step = Literal["deliver", "edit", "delete", "notice", "find"]

NAMELESS = "it may stand there: nobody knows whether it arrived, and one cannot look"
UNDELETABLE = "what stands there can be neither deleted nor changed"


def step_of(row: Row, caps: Caps) -> Step | Outcome:
    """The call to make, or the outcome that is certain without one."""
    if row.state != "sending":
        return "find"
    if row.sending_op == "put":
        may_edit = bool(row.remote_id) or not caps.has_ids
        return "edit" if caps.edits and not row.is_first and may_edit else "deliver"
    if is_nameless(row, caps):
        if caps.finds:
            return "find"
        if not row.remote_id:
            return Outcome("impossible", NAMELESS, reached=False)
    if caps.deletes and not (row.proof == "impossible" and caps.edits):
        return "delete"
    return "notice" if caps.edits else Outcome("impossible", UNDELETABLE, reached=False)
