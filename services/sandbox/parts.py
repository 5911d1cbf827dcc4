"""RULE: the parts of a multipart/form-data body (RFC 7578), read by ourselves."""

from collections.abc import Mapping

import regex


def parts(body: bytes, content_type: str) -> Mapping[str, tuple[str, bytes]]:
    """The parts of a multipart body by name: media type and content."""
    boundary = b"--" + content_type.partition("boundary=")[2].strip('"').encode()
    found = {}
    for part in body.split(boundary)[1:-1]:
        head, _, content = part.partition(b"\r\n\r\n")
        lines = head.decode().strip().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines)
        name = regex.search(r'name="([^"]*)"', headers["content-disposition"]).group(1)
        found[name] = (headers.get("content-type", ""), content.removesuffix(b"\r\n"))
    return found
