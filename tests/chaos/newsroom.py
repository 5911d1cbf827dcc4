"""The newsroom: several systems that send events over HTTP, again and again until they get a 202.

They run ahead of the website by a limited number of events, so that all services have work while
they are being killed. What they were answered is the truth that a run is judged by.
"""

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from urllib.parse import quote, urlsplit

from tests.chaos.evidence import Answer
from tests.chaos.plan import Send

SYSTEMS = 8
MOST_AHEAD = 200
"""Events that were acknowledged and have not reached the webhook receiver yet."""
TIMEOUT_SECONDS = 10.0
PAUSE_SECONDS = 0.1
LONGEST_WAIT_SECONDS = 3.0
LOOK_SECONDS = 0.02


@dataclass
class Progress:
    """How far the run is. Used by all threads."""

    answers: list[Answer] = field(default_factory=list)
    _ahead: dict[str, int] = field(default_factory=dict)
    _seen: dict[str, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def answered(self, answer: Answer) -> None:
        """Ingest has taken an event, or refused it for good."""
        with self._lock:
            self.answers.append(answer)
            if answer.op == "kill":
                self._ahead.pop(answer.uri, None)
            elif answer.outcome in ("accepted", "duplicate"):
                version = max(answer.version, self._ahead.get(answer.uri, 0))
                if version > self._seen.get(answer.uri, 0):
                    self._ahead[answer.uri] = version

    def arrived(self, uri: str, version: int) -> None:
        """The receiver got a version."""
        with self._lock:
            self._seen[uri] = max(version, self._seen.get(uri, 0))
            if self._ahead.get(uri, version + 1) <= version:
                del self._ahead[uri]

    @property
    def ahead(self) -> int:
        """Stories of which the receiver lacks a version."""
        return len(self._ahead)


class Newsroom:
    """Sends a list of events, in its order but several at a time."""

    def __init__(
        self, address: str, key: str, body: Callable[[Send], Mapping[str, object]], give_up: float
    ) -> None:
        """`give_up` is when to stop trying, on the monotonic clock."""
        self._host = urlsplit(address).netloc
        self._key = {"Authorization": f"Bearer {key}"}
        self._body = body
        self._give_up = give_up
        self._turn = threading.Lock()
        self.unanswered = 0

    def send_all(self, sends: Iterator[Send], progress: Progress) -> None:
        """Return when everything was answered, or could not be."""
        with ThreadPoolExecutor(SYSTEMS) as pool:
            for system in [pool.submit(self._work, sends, progress) for _ in range(SYSTEMS)]:
                system.result()

    def _work(self, sends: Iterator[Send], progress: Progress) -> None:
        connection = HTTPConnection(self._host, timeout=TIMEOUT_SECONDS)
        while (send := self._next(sends)) is not None:
            while progress.ahead > MOST_AHEAD and time.monotonic() < self._give_up:
                time.sleep(LOOK_SECONDS)
            answer = self._until_answered(connection, send)
            if answer:
                progress.answered(answer)
            else:
                self.unanswered += 1
        connection.close()

    def _next(self, sends: Iterator[Send]) -> Send | None:
        with self._turn:
            return next(sends, None)

    def _until_answered(self, connection: HTTPConnection, send: Send) -> Answer | None:
        tries = 0
        while time.monotonic() < self._give_up:
            tries += 1
            wait = PAUSE_SECONDS
            with suppress(OSError, HTTPException):
                status, retry_after, told = self._once(connection, send)
                if status == HTTPStatus.ACCEPTED:
                    uri, version = str(told["uri"]), int(str(told["version"]))
                    return Answer(uri, version, send.op, str(told["outcome"]), tries)
                if status != HTTPStatus.SERVICE_UNAVAILABLE:
                    raise AssertionError(f"{send}: {status} {told}")
                wait = min(retry_after, LONGEST_WAIT_SECONDS)
            connection.close()
            time.sleep(wait)
        return None

    def _once(
        self, connection: HTTPConnection, send: Send
    ) -> tuple[int, float, Mapping[str, object]]:
        if send.op == "kill":
            path = f"/v1/articles/{quote(send.story.uri, safe='')}?reason={quote('消息有誤')}"
            connection.request("DELETE", path, headers=self._key)
        else:
            body = json.dumps(self._body(send), ensure_ascii=False).encode()
            headers = {**self._key, "Content-Type": "application/json"}
            connection.request("POST", "/v1/articles", body, headers)
        answer = connection.getresponse()
        told: Mapping[str, object] = json.loads(answer.read() or b"{}")
        return answer.status, float(answer.getheader("retry-after") or PAUSE_SECONDS), told
