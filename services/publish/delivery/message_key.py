"""RULE: the name of a message, the same for every try and every replay of it.

Receivers drop what they have seen by this name: `webhook-id`, `Idempotency-Key`.
"""

from hashlib import sha256

from services.publish.delivery.row import Op

KEY_CHARS = 32


def message_key(uri: str, version: int, op: Op, destination: str, copy: int = 0) -> str:
    """`msg_` and 32 hexadecimal digits: a function of what is told, and to whom. No dot in it.

    `copy` counts how often a person forced it to be sent anew.
    """
    parts = (uri, str(version), op, destination, *([str(copy)] if copy else []))
    told = "\0".join(parts)  # NUL stands in no URI and no name
    return "msg_" + sha256(told.encode()).hexdigest()[:KEY_CHARS]
