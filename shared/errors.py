"""Four ways to fail, and what each means for the entry in hand.

    WiredeskError
      Rejected         never again: parked in the dead-letter stream, a person is told
        Invalid          the input cannot be taken; lists every bad field
          InvalidArticle   it is no article
        Conflict         the same version with other content
      TryLater         temporary: the entry stays pending and is tried again, for ever
      Misconfigured    stops until a person mends the configuration

Any other exception is a bug: the entry stays pending, is tried again a few times, then parked with
its traceback. Nothing else in wiredesk decides between these four.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta


class WiredeskError(Exception):
    """The root of all errors raised on purpose."""


class Rejected(WiredeskError):
    """It can never succeed as it is. Sending it again would only fail again."""


class TryLater(WiredeskError):
    """It may succeed later. `after` is the other side's own wish, or None."""

    def __init__(self, message: str, after: timedelta | None = None) -> None:
        super().__init__(message)
        self.after = after


class Misconfigured(WiredeskError):
    """A person has to mend a setting. The message names the key and what to write there."""


@dataclass(frozen=True)
class BadField:
    """One fault of an input: where it is, what is wrong, and what stood there (shortened)."""

    field: str
    reason: str
    value: str = ""


class Invalid(Rejected):
    """The input cannot be taken. `fields` names all that is wrong with it, at least one."""

    def __init__(self, message: str, fields: Sequence[BadField]) -> None:
        super().__init__(message)
        self.fields = tuple(fields)


class InvalidArticle(Invalid):
    """The input is not an article."""


class Conflict(Rejected):
    """The version is known with other content. `uri` and `version` say which."""

    def __init__(self, uri: str, version: int) -> None:
        super().__init__(
            f"{uri} version {version} is known with other content; send it as {version + 1}"
        )
        self.uri = uri
        self.version = version
