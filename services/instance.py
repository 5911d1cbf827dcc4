"""Where an installation is: what `wiredesk up` wrote under its state folder, or the settings.

DIR/endpoints.json  addresses of the services
DIR/local.key       a key for this machine's user
DIR/redis/          the embedded Redis
DIR/site/           the website
DIR/wiredesk.log    the merged log, JSON lines
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path

from services.ingest.app import IngestSettings
from services.ingest.keys import new_key
from shared.embedded import remembered_url
from shared.errors import Misconfigured
from shared.redis import RedisSettings
from shared.settings import Settings

CONFIG_NAME = "wiredesk.toml"


@dataclass(frozen=True)
class State:
    """A state folder, by the names of what stands in it."""

    folder: Path

    @property
    def endpoints(self) -> Path:
        return self.folder / "endpoints.json"

    @property
    def key(self) -> Path:
        return self.folder / "local.key"

    @property
    def redis(self) -> Path:
        return self.folder / "redis"

    @property
    def site(self) -> Path:
        return self.folder / "site"

    @property
    def log(self) -> Path:
        return self.folder / "wiredesk.log"

    def make_key(self) -> str:
        """The local key; made at the first call, readable by its owner alone."""
        if not self.key.exists():
            self.key.touch(mode=0o600)
            self.key.write_text(new_key())
        return self.key.read_text().strip()


@dataclass(frozen=True)
class Instance:
    """How commands reach an installation."""

    ingest: str
    site: str
    key: str
    redis_url: str
    settings: Settings

    @classmethod
    def find(cls, state: Path, config: Path | None) -> "Instance":
        """The installation of a state folder, or of the settings when it has none.

        Raises Misconfigured with what to do when there is neither.
        """
        settings = load_settings(config)
        place = State(state)
        redis_url = settings.section("redis", RedisSettings).url.get_secret_value()
        if place.endpoints.exists():
            told = json.loads(place.endpoints.read_text())
            url = redis_url or remembered_url(place.redis) or ""
            key = place.key.read_text().strip() if place.key.exists() else ""
            return cls(told["ingest"], told["site"], key, url, settings)
        if not redis_url:
            raise Misconfigured(
                f"nothing runs on {state}: start `wiredesk up --state {state}`, "
                "or say with --state or --config where it runs"
            )
        own = settings.section("ingest", IngestSettings)
        key = own.keys[0].get_secret_value() if own.keys else ""
        return cls(f"http://{own.host}:{own.port}", "", key, redis_url, settings)


def load_settings(config: Path | None) -> Settings:
    """The settings of this process. Without `config`, `wiredesk.toml` here if there is one."""
    here = Path(os.environ.get("WIREDESK_CONFIG", CONFIG_NAME))
    path = config or (here if here.exists() else None)
    return Settings.load(path, os.environ)
