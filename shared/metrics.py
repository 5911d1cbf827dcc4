"""Metrics, in Prometheus' words: base units, `_total` for counters, no article ids as labels.

https://prometheus.io/docs/practices/naming/
"""

from prometheus_client import Counter, Gauge, Histogram

ENTRIES = Counter("wiredesk_entries", "Stream entries by outcome", ["group", "outcome"])
DEAD_LETTERS = Counter("wiredesk_dead_letters", "Entries parked in a dead-letter stream", ["group"])
RECLAIMED = Counter("wiredesk_reclaimed", "Entries taken from a consumer that died", ["group"])
GROUPS_RECREATED = Counter("wiredesk_groups_recreated", "Groups found missing", ["group"])
RECEIVED = Counter("wiredesk_events_received", "Articles by outcome at ingest", ["outcome"])
EVENT_TO_PUBLISH = Histogram(
    "wiredesk_event_to_publish_seconds",
    "From accepted by ingest to live on the website",
    ["lane"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 5, 10, 60),
)
STAGE_DURATION = Histogram("wiredesk_stage_duration_seconds", "Own work on one article", ["stage"])
DELIVERIES = Counter(
    "wiredesk_deliveries", "Calls to destinations by outcome", ["channel", "outcome"]
)
READERS = Gauge("wiredesk_change_readers", "Readers that wait for changes now")
READERS_REFUSED = Counter(
    "wiredesk_change_readers_refused", "Questions for changes answered 429 or 503", ["status"]
)
WITHDRAWALS_OUTSTANDING = Gauge(
    "wiredesk_withdrawals_outstanding", "Killed or withheld stories not proven away everywhere"
)
WITHDRAWAL_OLDEST = Gauge(
    "wiredesk_withdrawal_oldest_seconds", "Since the oldest of those was accepted; 0 = none"
)
RELATED_WAITING = Gauge(
    "wiredesk_related_waiting", "Articles whose related links are to be made anew"
)
HELD = Gauge("wiredesk_articles_held", "Embargoed or scheduled articles waiting in ingest")
