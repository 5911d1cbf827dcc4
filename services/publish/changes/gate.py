"""The gate before the changes: everybody may read them, nobody may wear the service out.

too many questions from one address   429, with the seconds to wait
too many who wait, from one address   429
too many who wait, in all             503
"""

from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from math import ceil
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request

from services.publish.changes.pace import Bucket, ask
from shared.metrics import READERS, READERS_REFUSED

MAX_ADDRESSES = 10_000
"""Addresses whose pace is remembered; of more, those that were quiet longest are forgotten."""
COME_BACK_SECONDS = 5


class ChangesSettings(BaseModel):
    """Settings `[changes]`; the defaults file says what each means."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_waiting: Annotated[int, Field(ge=1)]
    max_waiting_per_address: Annotated[int, Field(ge=1)]
    requests_per_second: Annotated[float, Field(gt=0)]


class Refused(Exception):
    """Not now. `status` and `seconds` say how, and when to come back."""

    def __init__(self, status: HTTPStatus, detail: str, seconds: float) -> None:
        super().__init__(detail)
        self.status = status
        self.seconds = ceil(seconds)
        READERS_REFUSED.labels(status.value).inc()


class Gate:
    """Counts who asks and who waits. `clock` gives seconds that never go back."""

    def __init__(self, settings: ChangesSettings, clock: Callable[[], float]) -> None:
        self._settings = settings
        self._clock = clock
        self._paces: OrderedDict[str, Bucket] = OrderedDict()
        self._waiting: Counter[str] = Counter()

    def ask(self, request: Request) -> None:
        """Count one question. Raises Refused when they come too fast."""
        address = _address(request)
        pace = self._paces.pop(address, None)
        self._paces[address], wait = ask(pace, self._clock(), self._settings.requests_per_second)
        if len(self._paces) > MAX_ADDRESSES:
            self._paces.popitem(last=False)
        if wait:
            detail = f"at most {self._settings.requests_per_second:g} requests a second, please"
            raise Refused(HTTPStatus.TOO_MANY_REQUESTS, detail, wait)

    @contextmanager
    def wait(self, request: Request) -> Iterator[None]:
        """Hold a place among those who wait. Raises Refused when there is none."""
        address = _address(request)
        if self._waiting.total() >= self._settings.max_waiting:
            detail = "too many readers wait for changes; come back, nothing will be missed"
            raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, detail, COME_BACK_SECONDS)
        if self._waiting[address] >= self._settings.max_waiting_per_address:
            detail = f"{self._waiting[address]} readers of your address wait already"
            raise Refused(HTTPStatus.TOO_MANY_REQUESTS, detail, COME_BACK_SECONDS)
        self._waiting[address] += 1
        try:
            with READERS.track_inprogress():
                yield
        finally:
            self._waiting[address] -= 1
            if not self._waiting[address]:
                del self._waiting[address]


def _address(request: Request) -> str:
    return request.client.host if request.client else ""
