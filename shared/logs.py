"""Logs: one line per thing that happened, JSON unless a person is looking at a terminal.

Event names are a closed list (`Happened`). Secrets are taken out by the name of the field and by
value; tracebacks come without local variables, because a token in a local leaks there.
"""

import logging
import re
import sys
from collections.abc import MutableMapping
from enum import StrEnum
from os import getpid
from socket import gethostname
from typing import Any

import structlog

HIDDEN = "***"
MIN_SECRET_CHARS = 8
SECRET_NAMES = re.compile(r"token|secret|password|authorization|api_?key|signature", re.IGNORECASE)
SECRET_PARTS = re.compile(
    r"(?<=://)[^/\s?#]+(?=@)|(?<=bearer )\S+|(?<=authorization: basic )\S+|\bwd_[\w-]{8,}",
    re.IGNORECASE,
)
NOT_YET_TEXT = {"exc_info", "_record", "_from_structlog"}
"""Of a line on its way: objects that structlog itself needs, or takes away, further on."""

_secrets: set[str] = set()


class Happened(StrEnum):
    """Everything a wiredesk log line can say. `docs/operations.md` explains each."""

    SERVICE_STARTED = "service.started"
    SERVICE_STOPPED = "service.stopped"
    SERVICE_DIED = "service.died"
    LOG_NOT_WRITTEN = "log.not_written"
    CONSOLE_SIGNED_IN = "console.signed_in"
    CONSOLE_REFUSED = "console.refused"
    ADMISSION_UNKNOWN = "admission.unknown"
    ARTICLE_RECEIVED = "article.received"
    ARTICLE_HELD = "article.held"
    ARTICLE_RELEASED = "article.released"
    ARTICLE_DUPLICATE = "article.duplicate"
    ARTICLE_STALE = "article.stale"
    ARTICLE_CONFLICT = "article.conflict"
    ARTICLE_REJECTED = "article.rejected"
    ARTICLE_UNREADABLE = "article.unreadable"
    ARTICLE_REFUSED_KILLED = "article.refused_killed"
    ARTICLE_ENRICHED = "article.enriched"
    ARTICLE_PUBLISHED = "article.published"
    ARTICLE_WITHDRAWN = "article.withdrawn"
    ARTICLE_EXPIRED = "article.expired"
    ARTICLE_RELISTED = "article.relisted"
    ARTICLE_RELINKED = "article.relinked"
    RELATED_FAILED = "related.failed"
    DELIVERY_SUCCEEDED = "delivery.succeeded"
    DELIVERY_FAILED = "delivery.failed"
    DELIVERY_DEAD = "delivery.dead"
    DELIVERY_RECOVERED = "delivery.recovered"
    DESTINATION_FAILING = "destination.failing"
    DESTINATION_BREAKER_OPENED = "destination.breaker_opened"
    DESTINATION_BREAKER_CLOSED = "destination.breaker_closed"
    DELIVERY_UNKNOWN = "delivery.unknown"
    DELIVERY_LOOKED = "delivery.looked"
    DELIVERY_BROKEN = "delivery.broken"
    WITHDRAWAL_OUTSTANDING = "withdrawal.outstanding"
    WITHDRAWAL_PROPAGATED = "withdrawal.propagated"
    DESTINATION_PAUSED = "destination.paused"
    DESTINATION_RESUMED = "destination.resumed"
    DESTINATION_DISABLED = "destination.disabled"
    DESTINATION_ENABLED = "destination.enabled"
    DESTINATION_ADDED = "destination.added"
    DESTINATION_CHANGED = "destination.changed"
    DESTINATION_ROTATED = "destination.rotated"
    DESTINATION_RETIRED = "destination.retired"
    DESTINATION_REMOVED = "destination.removed"
    DESTINATION_UNUSABLE = "destination.unusable"
    ENTRY_DEAD_LETTERED = "entry.dead_lettered"
    ENTRY_FAILED = "entry.failed"
    ENTRY_WAITS = "entry.waits"
    CONSUMER_RECLAIMED = "consumer.reclaimed"
    GROUP_RECREATED = "group.recreated"
    SUBSCRIBER_RESTARTED = "subscriber.restarted"
    COMMIT_WAITS = "commit.waits"
    KEEPER_FAILED = "keeper.failed"
    REDIS_UNREACHABLE = "redis.unreachable"
    REDIS_AOF_REPAIRED = "redis.aof_repaired"
    REDIS_EMPTIED = "redis.emptied"
    SITE_BUILD_FAILED = "site.build_failed"
    CORPUS_REBUILDING = "corpus.rebuilding"
    CORPUS_REBUILT = "corpus.rebuilt"
    VOCABULARY_LOADED = "vocabulary.loaded"
    VOCABULARY_REFUSED = "vocabulary.refused"


def hide(secret: str) -> None:
    """Never print this value again, whatever field it stands in."""
    if len(secret) >= MIN_SECRET_CHARS:
        _secrets.add(secret)


def scrub(text: str) -> str:
    """The text without known secrets, user names in URLs, and bearer tokens."""
    for secret in sorted(_secrets, key=len, reverse=True):  # one may hold another
        text = text.replace(secret, HIDDEN)
    return SECRET_PARTS.sub(HIDDEN, text)


def configure(service: str, *, level: str = "INFO", pretty: bool | None = None) -> None:
    """Set up structlog and the logging of libraries. `pretty` None = when stderr is a terminal."""
    if pretty is None:
        pretty = sys.stderr.isatty()
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="ts"),
        _identity(service),
        *_tracebacks(pretty=pretty),
        _without_secrets,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    _route_libraries(shared, level=level, pretty=pretty)


def _route_libraries(shared: list[structlog.typing.Processor], *, level: str, pretty: bool) -> None:
    """Let uvicorn, FastStream and httpx speak through the same lines, warnings only."""
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            _renderer(pretty=pretty),
        ],
    )
    handler = logging.StreamHandler()
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for name in ("uvicorn", "uvicorn.access", "faststream", "httpx", "httpcore", "asyncio"):
        library = logging.getLogger(name)
        library.handlers = []
        library.propagate = True
        library.setLevel(logging.WARNING)


def _tracebacks(*, pretty: bool) -> list[structlog.typing.Processor]:
    if pretty:
        return []
    transformer = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
    return [structlog.processors.ExceptionRenderer(transformer)]


def _renderer(*, pretty: bool) -> structlog.typing.Processor:
    if not pretty:
        return structlog.processors.JSONRenderer(ensure_ascii=False)
    console = structlog.dev.ConsoleRenderer(
        exception_formatter=structlog.dev.RichTracebackFormatter(show_locals=False),
        timestamp_key="ts",
    )
    # The console renders tracebacks itself, so secrets in them can only be taken out afterwards.
    return lambda logger, name, line: scrub(str(console(logger, name, line)))


def _identity(service: str) -> structlog.typing.Processor:
    instance = f"{gethostname()}:{getpid()}"

    def add(_: object, __: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        line.setdefault("service", service)
        line.setdefault("instance", instance)
        return line

    return add


def _without_secrets(
    _: object, __: str, line: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    for name, value in line.items():
        if name not in NOT_YET_TEXT:
            line[name] = HIDDEN if SECRET_NAMES.search(name) else _scrubbed(value)
    return line


def _scrubbed(value: object) -> object:
    """The value without secrets, however deep they stand."""
    if isinstance(value, str):
        return scrub(value)
    if isinstance(value, dict):
        return {
            key: HIDDEN if SECRET_NAMES.search(str(key)) else _scrubbed(one)
            for key, one in value.items()
        }
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_scrubbed(one) for one in value]
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return scrub(repr(value))  # as the renderer would write it, who looks for no secrets
