"""RULE: multipart/form-data (RFC 7578) of some fields and one file."""

from collections.abc import Mapping
from hashlib import sha256


def multipart(
    fields: Mapping[str, str], name: str, media_type: str, content: bytes
) -> tuple[bytes, str]:
    """The body, and its content type. The same for the same arguments."""
    boundary = "wiredesk-" + sha256(content).hexdigest()[:32]
    parts = [_part(f'name="{field}"', "", value.encode()) for field, value in fields.items()]
    extension = media_type.partition("/")[2]
    parts.append(_part(f'name="{name}"; filename="{name}.{extension}"', media_type, content))
    body = b"".join(b"--" + boundary.encode() + b"\r\n" + part for part in parts)
    return body + f"--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"


def _part(disposition: str, media_type: str, content: bytes) -> bytes:
    lines = [f"Content-Disposition: form-data; {disposition}"]
    lines += [f"Content-Type: {media_type}"] if media_type else []
    return "\r\n".join([*lines, "", ""]).encode() + content + b"\r\n"
