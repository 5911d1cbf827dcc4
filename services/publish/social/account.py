"""Settings that every social channel has."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class SocialSettings(BaseModel):
    """One account. A channel adds how to reach it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tags: Annotated[int, Field(ge=0, le=8)] = 3
    """Hashtags at most."""
