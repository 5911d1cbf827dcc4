"""RULE: does a file of the site still show a story to whoever reads it?

A page or a feed shows it when its address stands in it. What tells readers of a removal may name
it: a tombstone of Atom has the story's uri only; JSON Feed has the address, but not in its items.
"""

import json
from urllib.parse import quote


def shows(name: str, body: bytes, path: str) -> bool:
    """Whether the file `name` with these bytes leads its readers to the site path `path`."""
    told = _items(body) if name.endswith(".json") else body
    return any(needle in told for needle in (path.encode(), quote(path).encode()))


def _items(body: bytes) -> bytes:
    """The items of a JSON feed alone; of what is no feed, all of it."""
    try:
        document = json.loads(body)
    except ValueError:
        return body
    items = document.get("items", document) if isinstance(document, dict) else document
    return json.dumps(items, ensure_ascii=False).encode()
