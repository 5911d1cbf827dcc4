"""RULE: what Slack means by `ok: false`, which comes with status 200 and has a name.

    error                                     means
    message_not_found                         missing; to a kill: done
    cant_delete_message, …                    impossible
    ratelimited                               retry
    fatal_error, internal_error               unknown: it may have been taken
    invalid_auth, missing_scope, …            stopped: token, scope or channel need a person
    anything else                             refused

Source: the errors of https://docs.slack.dev/reference/methods/chat.postmessage and its sisters.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from services.publish.delivery.row import Op, Outcome, Verdict

NO_API = (404, 410)
MISSING = "message_not_found"
MEANINGS: Mapping[Verdict, frozenset[str]] = {
    "impossible": frozenset({"cant_delete_message", "compliance_exports_prevent_deletion"}),
    "retry": frozenset(
        {
            "ratelimited",
            "rate_limited",
            "service_unavailable",
            "request_timeout",
            "team_added_to_org",
        }
    ),
    "unknown": frozenset({"fatal_error", "internal_error"}),
    "stopped": frozenset(
        {
            "access_denied",
            "account_inactive",
            "channel_not_found",
            "ekm_access_denied",
            "enterprise_is_restricted",
            "invalid_auth",
            "is_archived",
            "missing_scope",
            "no_permission",
            "not_allowed_token_type",
            "not_authed",
            "not_in_channel",
            "org_login_required",
            "restricted_action",
            "restricted_action_read_only_channel",
            "team_access_not_granted",
            "token_expired",
            "token_revoked",
        }
    ),
}
POSTS = frozenset({"chat:write"})
READS = (frozenset({"channels:history", "groups:history"}), "channels:history or groups:history")
LEAST_REST_MS = 1_000


def read(outcome: Outcome, status: int, said: Mapping[str, Any], op: Op) -> Outcome:
    """What came of a call, where `outcome` is what its status alone would mean."""
    if said.get("ok") is True:
        return replace(outcome, remote_id=str(said.get("ts", "")))
    if status in NO_API:
        return Outcome("stopped", f"{status}: this is not Slack's API")
    if outcome.verdict != "done":
        return outcome
    name = str(said.get("error", ""))
    if name == MISSING:
        return Outcome("done", is_proof=True) if op == "kill" else Outcome("missing", name)
    if not said:
        return Outcome("unknown", "the answer is no JSON")
    rest = LEAST_REST_MS if name in MEANINGS["retry"] else 0
    return Outcome(_verdict(name, op), _told(name, said), after_ms=rest, rest_ms=rest)


def lacking(scopes: str, *, reads: bool) -> list[str]:
    """The scopes that a token lacks, from the list of them that every answer has."""
    given = {scope.strip() for scope in scopes.split(",")}
    missing = sorted(POSTS - given)
    any_of, told = READS
    return [*missing, told] if reads and not any_of & given else missing


def is_ours(message: Mapping[str, Any], bot_id: str) -> bool:
    """Whether the bot wrote a message of the channel's history."""
    return bool(bot_id) and message.get("bot_id") == bot_id


def links_to(message: Mapping[str, Any], url: str) -> bool:
    """Whether its text, in which an address stands between < and >, leads there."""
    shown = url.replace("&", "&amp;")
    text = str(message.get("text", ""))
    return f"<{shown}>" in text or f"<{shown}|" in text


def _verdict(name: str, op: Op) -> Verdict:
    if op == "put" and name in MEANINGS["impossible"]:
        return "refused"
    return next((verdict for verdict, names in MEANINGS.items() if name in names), "refused")


def _told(name: str, said: Mapping[str, Any]) -> str:
    needed = said.get("needed")
    return f"{name}: it needs {needed}" if isinstance(needed, str) else name
