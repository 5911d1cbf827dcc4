"""The webhook receiver: it checks every signature, logs every request, and may strike in mid-call.

It honours `webhook-id` as Standard Webhooks asks receivers to: an id it has seen is answered, and
changes nothing. The log keeps those too.
"""

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress

from standardwebhooks import Webhook, WebhookVerificationError

from tests.chaos.evidence import Notice
from tests.publish.receiver import Received, Receiver, answer


class Subscriber:
    """What happens to the requests of a `Receiver`. Plan it with `serve`."""

    def __init__(
        self, receiver: Receiver, *, strike: Callable[[], bool], arrived: Callable[[str, int], None]
    ) -> None:
        """`strike` is asked at every call, before the answer: True = the caller is dead now."""
        self._receiver = receiver
        self._strike = strike
        self._arrived = arrived
        self._webhook: Webhook | None = None
        self._well = answer(204)
        self.notices: list[Notice] = []
        receiver.plan(self.serve)

    def trust(self, secret: str) -> None:
        """The secret that the requests are signed with, as the command told it."""
        self._webhook = Webhook(secret)

    async def serve(self, writer: asyncio.StreamWriter) -> None:
        """One request: it is the last one that the receiver has kept."""
        notice = self._read(self._receiver.received.pop())
        self.notices.append(notice)
        self._arrived(notice.uri, notice.version)
        if self._strike():
            writer.close()
        else:
            await self._well(writer)

    def _read(self, request: Received) -> Notice:
        told = json.loads(request.body)
        data, is_signed = told["data"], False
        assert self._webhook is not None
        with suppress(WebhookVerificationError):
            self._webhook.verify(request.body, dict(request.headers))
            is_signed = True
        return Notice(
            id=request.headers["webhook-id"],
            op="kill" if told["type"] == "article.withdrawn" else "put",
            uri=data["uri"],
            version=data["version"],
            url=data.get("url", ""),
            is_signed=is_signed,
        )
