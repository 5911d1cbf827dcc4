"""RULE: what a sender is told when the input is not an article: every bad field, by name."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from pydantic import ValidationError

from shared.errors import BadField, InvalidArticle

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

MAX_SHOWN_CHARS = 80
WHOLE = "body"
"""The name of a fault that no single field is to blame for: the body as a whole."""


def invalid(fields: Sequence[BadField]) -> InvalidArticle:
    """The error for these faults. Its message lists them, for logs and dead letters."""
    told = "; ".join(f"{fault.field}: {fault.reason}" for fault in fields)
    return InvalidArticle(f"not an article: {told}", fields)


def invalid_body(reason: str, value: str = "") -> InvalidArticle:
    """The error for a body that cannot be read at all."""
    return invalid([BadField(WHOLE, reason, shown(value))])


def bad_fields(error: ValidationError, at: str = "") -> list[BadField]:
    """Every fault that pydantic found. `at` is the place of the checked value in the body."""
    details = error.errors(include_url=False, include_context=False)
    return [_bad_field(detail, at) for detail in details]


def shown(value: object) -> str:
    """What stood there, as far as it helps: text and numbers, shortened, safe to encode."""
    if not isinstance(value, str | int | float):
        return ""
    text = str(value).encode(errors="backslashreplace").decode()
    return text if len(text) <= MAX_SHOWN_CHARS else f"{text[: MAX_SHOWN_CHARS - 1]}…"


def path(parts: Iterable[object]) -> str:
    """The dotted name of a place in a document, e.g. `images.0.url`."""
    dotted = ".".join(str(part) for part in parts if part != "")
    return dotted.encode(errors="backslashreplace").decode()


def _bad_field(detail: "ErrorDetails", at: str) -> BadField:
    if detail["type"] == "value_error":
        # A rule across fields names its field itself: "headline: a usable article needs one".
        field, _, reason = detail["msg"].removeprefix("Value error, ").rpartition(": ")
        return BadField(path((at, *detail["loc"], field)) or WHOLE, reason)
    value = "" if detail["type"] == "missing" else shown(detail["input"])
    has_nul = detail["type"] == "string_pattern_mismatch" and "\x00" in str(detail["input"])
    reason = "contains a NUL character" if has_nul else detail["msg"]
    return BadField(path((at, *detail["loc"])) or WHOLE, reason, value)
