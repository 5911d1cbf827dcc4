"""Where an installation is: what `wiredesk up` wrote under its state folder, or the settings.

DIR/endpoints.json  addresses of the services
DIR/local.key       a key for this machine's user
DIR/redis/          the embedded Redis
DIR/site/           the website
DIR/wiredesk.log    the merged log, JSON lines
"""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, SecretStr

from shared.embedded import remembered_url
from shared.errors import Misconfigured
from shared.http import HttpSettings
from shared.keyring import new_key
from shared.redis import RedisSettings
from shared.settings import Settings

CONFIG_NAME = "wiredesk.toml"


LOOPBACK = "127.0.0.0/8"


class Door(BaseModel):
    """Where ingest is, and who may enter: of the settings `[ingest]` what commands need."""

    model_config = ConfigDict(frozen=True)

    host: str
    port: int
    keys: tuple[SecretStr, ...]


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
            whole = self.key.with_suffix(".new")
            whole.touch(mode=0o600)
            whole.write_text(new_key())
            whole.replace(self.key)
        return self.key.read_text().strip()

    @contextmanager
    def claimed(self) -> Iterator[None]:
        """Make the folder, and hold it against every other `wiredesk up` and `wiredesk demo`.

        Raises Misconfigured when another one runs on it. The hold ends with this process.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        held = os.open(self.folder, os.O_RDONLY)
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(held)
            raise Misconfigured(
                f"another wiredesk runs on {self.folder}: stop it, or choose another --state"
            ) from None
        try:
            yield
        finally:
            os.close(held)


@dataclass(frozen=True)
class Instance:
    """How commands reach an installation."""

    ingest: str
    site: str
    key: str
    redis_url: str
    settings: Settings
    sandbox: str = ""
    """Where social platforms stand in for the real ones; "" = nowhere."""

    @property
    def http(self) -> HttpSettings:
        """What may be called: this machine too, where a sandbox runs on it."""
        own = self.settings.section("http", HttpSettings)
        return opened_to_loopback(own) if self.sandbox else own

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
            sandbox = told.get("sandbox", "")
            return cls(told["ingest"], told["site"], key, url, settings, sandbox)
        if not redis_url:
            raise Misconfigured(
                f"nothing runs on {state}: start `wiredesk up --state {state}`, "
                "or say with --state or --config where it runs"
            )
        own = settings.section("ingest", Door)
        key = own.keys[0].get_secret_value() if own.keys else ""
        return cls(f"http://{own.host}:{own.port}", "", key, redis_url, settings)


def opened_to_loopback(own: HttpSettings) -> HttpSettings:
    """The same, and this machine may be called."""
    return HttpSettings.model_validate({"allow_networks": (*own.allow_networks, LOOPBACK)})


def load_settings(config: Path | None) -> Settings:
    """The settings of this process. Without `config`, `wiredesk.toml` here if there is one."""
    here = Path(os.environ.get("WIREDESK_CONFIG", CONFIG_NAME))
    path = config or (here if here.exists() else None)
    return Settings.load(path, os.environ)
