"""RULE: what a subscriber may write and is shown: the fields of a subscription.

A subscription is a webhook destination (`delivery/destinations.py`), with the settings of its
channel beside the others and one secret, which is shown once.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services.publish.delivery.faults import WHOLE, bad_fields, invalid
from services.publish.delivery.rotation import MAX_OVERLAP_HOURS, OVERLAP_HOURS
from shared.errors import BadField, Invalid

CHANNEL = "webhook"
SETTINGS = ("url", "thin")
"""Fields that are settings of the channel."""
_NAMES_OUTSIDE = {"settings.url": "url", "settings.thin": "thin"}
_SECRETS = "settings.secrets"

Reason = Annotated[str, Field(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]


class Body(BaseModel):
    """A request's body: strict, so that a field misspelt is told and not passed over."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Wishes(Body):
    """What can be changed. Every one has a default, which `null` brings back."""

    url: str | None = Field(None, description="Where notices are sent. http or https, public.")
    filter: str | None = Field(
        None, description="What passes, e.g. `section:運動 urgency:<=3`; none = everything."
    )
    thin: bool | None = Field(
        None, description="Headline and address (the default), or the whole article."
    )
    concurrency: int | None = Field(None, description="Calls at once, 1 to 16; 4.")
    max_per_hour: int | None = Field(None, description="First posts in any 60 minutes.")
    pace_seconds: float | None = Field(None, description="Between one first post and the next.")
    max_age_hours: float | None = Field(None, description="Older articles are no first posts.")
    give_up_hours: float | None = Field(
        None, description="First posts that have waited longer are old news; 168."
    )
    owner: str | None = Field(
        None, description="The name of the key that it belongs to. Only operators may write it."
    )


class New(Wishes):
    """A subscription to be."""

    url: str = Field(description="Where notices are sent. http or https, public.")
    name: str | None = Field(None, description="Letters a to z, digits, hyphens; made if missing.")
    secret: str | None = Field(
        None, description="`whsec_` and 24 to 64 random bytes in base64; made if missing."
    )


class Pause(Body):
    """Why it is paused."""

    reason: Reason = "paused by the subscriber"


class Rotation(Body):
    """How a secret is changed."""

    overlap_hours: Annotated[float, Field(ge=0, le=MAX_OVERLAP_HOURS)] = OVERLAP_HOURS


def read(form: type[Body], text: bytes) -> dict[str, Any]:
    """The fields that are written in a body. Raises Invalid with every bad one."""
    try:
        body = form.model_validate_json(text or b"{}")
    except ValidationError as error:
        raise invalid(bad_fields(error)) from None
    return body.model_dump(exclude_unset=True)


def as_destination(written: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """Written fields as those of a destination that had these `settings`; `null` = left out."""
    beside = {name: value for name, value in written.items() if name not in SETTINGS}
    inside = {name: value for name, value in written.items() if name in SETTINGS}
    kept = {name: value for name, value in settings.items() if name not in inside}
    changed = kept | {name: value for name, value in inside.items() if value is not None}
    return {name: value for name, value in beside.items() if value is not None} | {
        "settings": changed
    }


def told_outside(error: Invalid) -> Invalid:
    """The error in the words of this API, which knows no settings of a channel."""
    return invalid([_outside(fault) for fault in error.fields])


def refused(field: str, reason: str) -> Invalid:
    """The error for one bad field."""
    return invalid([BadField(field or WHOLE, reason)])


def rfc3339(millis: int) -> str | None:
    """Milliseconds since 1970 for machines; None for 0."""
    return datetime.fromtimestamp(millis / 1000, UTC).isoformat() if millis else None


def _outside(fault: BadField) -> BadField:
    name = "secret" if fault.field.startswith(_SECRETS) else fault.field
    return BadField(_NAMES_OUTSIDE.get(name, name), fault.reason)
