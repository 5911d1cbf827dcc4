"""An event as Redis gives it back."""

from shared.events import Event


def as_stored(event: Event) -> dict[bytes, bytes]:
    """The fields of its stream entry."""
    words = [word if isinstance(word, bytes) else word.encode() for word in event.fields()]
    return dict(zip(words[::2], words[1::2], strict=True))
