"""A partner who receives webhooks: a destination of a running installation, and its receiver."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from standardwebhooks import Webhook

from tests.installation import Installation, until
from tests.publish.receiver import Received, Receiver


@dataclass
class Partner:
    """A receiver that is a destination, and one story that only this test sends."""

    name: str
    secret: str
    receiver: Receiver
    here: Installation
    story: Path

    @property
    def uri(self) -> str:
        return f"urn:news:{self.name}"

    def send(self, **fields: object) -> None:
        self.story.write_text(json.dumps({"uri": self.uri, **fields}), "utf-8")
        assert self.here.run("send", str(self.story)).returncode == 0

    def publish(self) -> None:
        """Send the story, and wait until the receiver and the ledger have it."""
        self.send(headline="環狀線北環段動工")
        until(lambda: self.state == "delivered")

    def run(self, word: str, *more: str) -> tuple[int, str]:
        done = self.here.run("destinations", word, self.name, *more)
        return done.returncode, done.stdout + done.stderr

    @property
    def deliveries(self) -> list[dict[str, Any]]:
        """What trace knows of the story at this destination; before it was accepted, nothing."""
        traced = self.here.run("trace", self.uri, "--json")
        if traced.returncode:
            return []
        rows: list[dict[str, Any]] = json.loads(traced.stdout)["deliveries"]
        return [row for row in rows if row["destination"] == self.name]

    @property
    def state(self) -> str:
        return next((row["state"] for row in self.deliveries), "")

    @property
    def row(self) -> dict[str, Any]:
        """Its row in the list of destinations."""
        [row] = [one for one in self.here.told("destinations", "list") if one["name"] == self.name]
        return dict(row)

    def told(self) -> list[tuple[Received, dict[str, Any]]]:
        """All requests, with the notices in them, their signatures checked by another's code."""
        judge = Webhook(self.secret)
        return [(one, judge.verify(one.body, dict(one.headers))) for one in self.receiver.received]
