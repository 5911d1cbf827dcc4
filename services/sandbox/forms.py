"""RULE: multipart/form-data (RFC 7578), read apart from how the product writes it."""

import re
from collections.abc import Mapping


def parts(body: bytes, content_type: str) -> Mapping[str, tuple[str, bytes]]:
    """The parts of a multipart body by name: media type and content."""
    boundary = b"--" + content_type.partition("boundary=")[2].strip('"').encode()
    found = {}
    for part in body.split(boundary)[1:-1]:
        head, _, content = part.partition(b"\r\n\r\n")
        lines = head.decode().strip().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines)
        name = re.findall(r'[; ]name="([^"]*)"', headers["content-disposition"])[0]
        found[name] = (headers.get("content-type", ""), content.removesuffix(b"\r\n"))
    return found
