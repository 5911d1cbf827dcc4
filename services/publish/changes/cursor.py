"""RULE: a cursor says how far somebody has read the changes, in every partition.

    base64url( form, log, a number for each partition, checksum )

For its holder it is only a text. `log` names the log it was read from, so that a cursor of another
installation, or of a Redis that has been emptied since, is refused instead of being followed into
a gap. Numbers grow, and stand for microseconds since 1970 where they can (`log.py`).
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from zlib import crc32

FORM = b"\x01"
LOG_BYTES, NUMBER_BYTES, SUM_BYTES = 6, 7, 4
ALPHABET = re.compile(r"[A-Za-z0-9_-]+={0,2}")


class BadCursor(ValueError):
    """The text is no cursor of ours: cut short, changed, or invented."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """Everything up to these numbers has been read, one number a partition."""

    log: bytes
    numbers: tuple[int, ...]

    def past(self, partition: int, number: int) -> "Cursor":
        """The cursor after one more change has been read."""
        numbers = [*self.numbers]
        numbers[partition] = number
        return replace(self, numbers=tuple(numbers))


def log_id(epochs: Sequence[str]) -> bytes:
    """The name of a log, from the epochs of its partitions: if one is lost, it is another log."""
    return sha256("|".join(epochs).encode()).digest()[:LOG_BYTES]


def write(cursor: Cursor) -> str:
    """The text of a cursor, safe in a URL, a header and a file name."""
    body = FORM + cursor.log + b"".join(map(_packed, cursor.numbers))
    return urlsafe_b64encode(body + _checksum(body)).decode().rstrip("=")


def read(text: str) -> Cursor:
    """The cursor of a text. Raises BadCursor."""
    if not ALPHABET.fullmatch(text):
        raise BadCursor(text)
    try:
        whole = urlsafe_b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4))
    except ValueError as error:
        raise BadCursor(text) from error
    body, checksum = whole[:-SUM_BYTES], whole[-SUM_BYTES:]
    numbers = body[len(FORM) + LOG_BYTES :]
    is_whole = body.startswith(FORM) and numbers and len(numbers) % NUMBER_BYTES == 0
    if not is_whole or _checksum(body) != checksum:
        raise BadCursor(text)
    parts = range(0, len(numbers), NUMBER_BYTES)
    return Cursor(
        log=body[len(FORM) : len(FORM) + LOG_BYTES],
        numbers=tuple(int.from_bytes(numbers[at : at + NUMBER_BYTES]) for at in parts),
    )


def _packed(number: int) -> bytes:
    return number.to_bytes(NUMBER_BYTES)


def _checksum(body: bytes) -> bytes:
    return crc32(body).to_bytes(SUM_BYTES)
