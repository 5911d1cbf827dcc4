"""Settings that every social channel has."""

from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from services.publish.posts.wording import Wording


class SocialSettings(BaseModel):
    """One account. A channel adds how to reach it."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)
    DEFAULTS: ClassVar[Mapping[str, object]] = {"give_up_hours": 6}
    """Old news must not appear days later between newer posts."""

    tags: Annotated[int, Field(ge=0, le=8)] = 3
    """Hashtags at most."""
    template: Wording = ""
    """The post in words of one's own (`posts/wording.py`); empty = as the channel does it."""
