"""RULE: signatures of Standard Webhooks 1.0.0, symmetric scheme `v1`.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md

`v1,` and the HMAC-SHA256 of `id.timestamp.body`, in base64; the key is what follows `whsec_`. The
header may hold several, so that a secret can be changed without a gap.
"""

import hmac
import re
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from secrets import token_bytes
from typing import Annotated

from pydantic import AfterValidator, SecretStr

PREFIX = "whsec_"
NEW_KEY_BYTES = 32
MIN_KEY_BYTES, MAX_KEY_BYTES = 24, 64
TOLERANCE_SECONDS = 300
_SECONDS = re.compile(r"0|[1-9][0-9]{0,11}")
_MESSAGE_ID = re.compile(r"[^.\s]+")


def new_secret() -> str:
    """A secret to share with a receiver: `whsec_` and 32 random bytes in base64."""
    return PREFIX + b64encode(token_bytes(NEW_KEY_BYTES)).decode()


def _checked(secret: SecretStr) -> SecretStr:
    _key(secret.get_secret_value())
    return secret


WebhookSecret = Annotated[SecretStr, AfterValidator(_checked)]
"""A secret of a form that `sign` takes."""


def sign(secrets: Sequence[str], message_id: str, sent_at: int, body: bytes) -> str:
    """The `webhook-signature` header: one signature for each secret.

    `sent_at` is in seconds since 1970. Raises ValueError for a secret or an id of another form.
    """
    if not _MESSAGE_ID.fullmatch(message_id):
        raise ValueError("a message id has no dot and no space")
    signed = f"{message_id}.{sent_at}.".encode() + body
    digests = (hmac.digest(_key(secret), signed, "sha256") for secret in secrets)
    return " ".join("v1," + b64encode(digest).decode() for digest in digests)


def accepts(secrets: Sequence[str], headers: Mapping[str, str], body: bytes, now: int) -> bool:
    """Whether one of the secrets signed this body, within five minutes of `now` (seconds).

    `headers` have lower-case names. An id with a dot is refused: the dot could be moved between
    id, timestamp and body without a change to what was signed.
    """
    message_id, sent_at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not (_MESSAGE_ID.fullmatch(message_id) and _SECONDS.fullmatch(sent_at)):
        return False
    if abs(now - int(sent_at)) > TOLERANCE_SECONDS:
        return False
    expected = sign(secrets, message_id, int(sent_at), body).encode().split()
    given = headers.get("webhook-signature", "").encode(errors="replace").split()
    return any(hmac.compare_digest(one, other) for one in expected for other in given)


def _key(secret: str) -> bytes:
    prefix, encoded = secret[: len(PREFIX)], secret[len(PREFIX) :]
    key = b64decode(encoded, validate=True) if prefix == PREFIX else b""
    if not MIN_KEY_BYTES <= len(key) <= MAX_KEY_BYTES:
        raise ValueError("write whsec_ and 24 to 64 random bytes in base64")
    return key
