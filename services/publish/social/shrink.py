"""A picture made small enough for a platform, with Pillow: smaller, then coarser, always JPEG.

What the camera wrote into it, places included, is left out. A picture that is none, or would take
too much memory to unpack, is no picture.
"""

from io import BytesIO

from PIL import Image, ImageOps

FORMATS = ("JPEG", "PNG", "GIF", "WEBP")
SIDES = (2_000, 1_600, 1_200, 900, 600)
"""The longer side in pixels, tried one after another."""
QUALITIES = (85, 70)
MOST_PIXELS = 50_000_000
MEDIA_TYPE = "image/jpeg"
FAULTS = (OSError, ValueError, SyntaxError, Image.DecompressionBombError)
"""What Pillow raises about bytes that are no picture."""


def shrunk(content: bytes, most_bytes: int) -> bytes | None:
    """The picture as a JPEG of at most so many bytes; None when that cannot be made."""
    try:
        with Image.open(BytesIO(content), formats=FORMATS) as found:
            if found.width * found.height > MOST_PIXELS:
                return None
            picture = _on_white(ImageOps.exif_transpose(found))
    except FAULTS:
        return None
    for side in SIDES:
        picture.thumbnail((side, side))
        for quality in QUALITIES:
            made = BytesIO()
            picture.save(made, "JPEG", quality=quality, optimize=True)
            if made.tell() <= most_bytes:
                return made.getvalue()
    return None


def _on_white(picture: Image.Image) -> Image.Image:
    """The picture without transparency, which JPEG does not know."""
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    layer = picture.convert("RGBA")
    white = Image.new("RGBA", layer.size, "white")
    return Image.alpha_composite(white, layer).convert("RGB")
