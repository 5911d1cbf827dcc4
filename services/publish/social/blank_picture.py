"""RULE: a picture that shows nothing, as PNG (https://www.w3.org/TR/png-3/)."""

import struct
import zlib

WIDTH, HEIGHT = 640, 360
GREY = 0xEE
GREY_OF_8_BITS = (8, 0, 0, 0, 0)
UNFILTERED = b"\x00"


def blank_picture() -> bytes:
    """A grey area, in a few hundred bytes."""
    header = struct.pack(">II5B", WIDTH, HEIGHT, *GREY_OF_8_BITS)
    lines = (UNFILTERED + bytes([GREY]) * WIDTH) * HEIGHT
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(lines)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, content) for name, content in chunks)


def _chunk(name: bytes, content: bytes) -> bytes:
    checksum = struct.pack(">I", zlib.crc32(name + content))
    return struct.pack(">I", len(content)) + name + content + checksum
