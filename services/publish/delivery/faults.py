"""RULE: what somebody is told who described a destination wrongly: every bad field, by name.

What stood there is not repeated: it may be a secret.
"""

from collections.abc import Sequence

from pydantic import ValidationError

from shared.errors import BadField, Invalid

WHOLE = "body"
"""The name of a fault that no single field is to blame for."""


def bad_fields(error: ValidationError, at: str = "") -> list[BadField]:
    """Every fault that pydantic found. `at` is the place of what was checked."""
    details = error.errors(include_input=False, include_url=False, include_context=False)
    return [
        BadField(_path(at, detail["loc"]), detail["msg"].removeprefix("Value error, "))
        for detail in details
    ]


def invalid(fields: Sequence[BadField]) -> Invalid:
    """The error for these faults."""
    return Invalid("; ".join(f"{fault.field}: {fault.reason}" for fault in fields), fields)


def _path(at: str, parts: Sequence[int | str]) -> str:
    return ".".join(str(part) for part in (at, *parts) if part != "") or WHOLE
