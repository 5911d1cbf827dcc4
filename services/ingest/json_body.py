"""RULE: a JSON body is judged before it is believed: encoding, depth, numbers, text (RFC 8259).

What pydantic refuses as broken JSON without saying where (lone surrogates) is looked for again
with a tolerant reader, only to name the field.
"""

import json
import re
from collections.abc import Callable, Iterator
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import from_json, to_json

from services.ingest.invalid import bad_fields, invalid, invalid_body, path, shown
from shared.errors import BadField, InvalidArticle

MAX_DEPTH = 32
BOM = b"\xef\xbb\xbf"

# Possessive, and content to end with the body: an unclosed string must not be read twice.
STRING = re.compile(rb'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)', re.DOTALL)
BRACKET = re.compile(rb"[\[\]{}]")
NOT_FINITE = re.compile(rb"NaN|Infinity")
LONE = re.compile("[\ud800-\udfff]")
STAND_IN_URI = "urn:wiredesk:unnamed"

Found = TypeVar("Found")
Model = TypeVar("Model", bound=BaseModel)


def understood(body: bytes, understand: Callable[[object], Found]) -> Found:
    """What `understand` makes of the value of a JSON body. A byte order mark is dropped.

    Raises InvalidArticle with every fault: where a text is broken, the rest is looked at as well.
    """
    body = body.removeprefix(BOM)
    _refuse_what_is_not_utf8(body)
    bare = STRING.sub(b'""', body)
    _refuse_depth(bare)
    if found := NOT_FINITE.search(bare):
        raise invalid_body("NaN and Infinity are not JSON", found[0].decode())
    try:
        value = from_json(body)
    except ValueError as error:
        raise _broken(body, str(error), understand) from None
    return understand(value)


def _broken(body: bytes, reason: str, understand: Callable[[object], Found]) -> InvalidArticle:
    """The faults of what a strict reader refuses, by the eyes of a tolerant one."""
    try:
        value = json.loads(body, strict=False)
    except ValueError:
        return invalid_body(f"not JSON: {reason}")
    faults = list(_lone_surrogates_in(value, ()))
    if not faults:
        return invalid_body(f"not JSON: {reason}")
    try:
        understand(_mended(value))
    except InvalidArticle as error:
        faults += error.fields
    return invalid(faults)


def _mended(value: object) -> object:
    """The value with a replacement character for each lone surrogate."""
    if isinstance(value, dict):
        return {_mended(key): _mended(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_mended(inner) for inner in value]
    return LONE.sub("\ufffd", value) if isinstance(value, str) else value


def validated(model: type[Model], value: object, at: str = "") -> Model:
    """`value` as a model; `at` is its place in the body. InvalidArticle lists every bad field."""
    # Through JSON again, since only then does a strict model take text for a datetime.
    # Constants keep an overflowed number (1e999) what it is, so that it is refused.
    try:
        return model.model_validate_json(to_json(value, inf_nan_mode="constants"))
    except ValidationError as error:
        faults = bad_fields(error, at)
        across = _faults_across_fields(model, value, error, at)
        told = "".join(f"{fault.field}." for fault in faults)
        raise invalid([*faults, *(one for one in across if f"{one.field}." not in told)]) from None


def _refuse_what_is_not_utf8(body: bytes) -> None:
    try:
        body.decode()
    except UnicodeDecodeError as error:
        raise invalid_body(f"not UTF-8: {error.reason} at byte {error.start}") from None


def _refuse_depth(bare: bytes) -> None:
    depth = 0
    for bracket in BRACKET.finditer(bare):
        depth += 1 if bracket[0] in b"[{" else -1
        if depth > MAX_DEPTH:
            raise invalid_body(f"nested deeper than {MAX_DEPTH} levels")


def _lone_surrogates_in(value: object, at: tuple[str, ...]) -> Iterator[BadField]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _lone_surrogates_in(key, (*at, key))
            yield from _lone_surrogates_in(inner, (*at, key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _lone_surrogates_in(inner, (*at, str(number)))
    elif isinstance(value, str) and LONE.search(value):
        yield BadField(path(at), "half a character: a lone UTF-16 surrogate", shown(value))


def _faults_across_fields(
    model: type[Model], value: object, error: ValidationError, at: str
) -> list[BadField]:
    """The faults that rules across fields find, which pydantic asks only when each field is well.

    They are asked about the good fields alone, so that a sender learns of everything at once.
    """
    bad = {str(detail["loc"][0]) for detail in error.errors() if detail["loc"]}
    if not isinstance(value, dict) or not bad:
        return []
    good = {key: part for key, part in value.items() if key not in bad}
    try:
        model.model_validate_json(to_json({**good, "uri": STAND_IN_URI}))
    except ValidationError as across:
        return bad_fields(across, at)
    return []
