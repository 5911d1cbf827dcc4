"""Settings that every social channel has."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from services.publish.posts.wording import Wording


class SocialSettings(BaseModel):
    """One account. A channel adds how to reach it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tags: Annotated[int, Field(ge=0, le=8)] = 3
    """Hashtags at most."""
    template: Wording = ""
    """The post in words of one's own (`posts/wording.py`); empty = as the channel does it."""
