"""The timeline of an article: what happened to it, step by step, in all services.

One Redis stream per article, written in the same script as the step itself, so it never tells of
something that did not happen. `wiredesk trace` reads it.
"""

from shared.commit import Value, Write
from shared.events import Event
from shared.streams import Keys

KEEP_ENTRIES = 200
KEEP_SECONDS = 30 * 24 * 3600


def step(event: Event, name: str, **details: Value) -> list[Value]:
    """Fields of one step: its name (`service.what`), the version, the trace, and details."""
    fields: list[Value] = ["step", name, "version", event.article.version]
    fields += ["trace", event.trace_id, "pubstatus", event.article.pubstatus]
    for key, value in details.items():
        fields += [key, value]
    return fields


def timeline(keys: Keys, event: Event, name: str, **details: Value) -> list[Write]:
    """The writes of one step, for the commit of a hop."""
    key = keys.of(event.article.uri, "timeline")
    fields = step(event, name, **details)
    return [
        Write("XADD", key, ("MAXLEN", "~", KEEP_ENTRIES, "*", *fields)),
        Write("EXPIRE", key, (KEEP_SECONDS,)),
    ]
