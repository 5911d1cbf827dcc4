"""RULE: what Telegram means by its refusals, which have no names, only texts.

    status    text                                   means
    400, 403  message is not modified                there: it says so already
              message to edit not found, …           missing
              message can't be deleted, …            impossible
              chat not found, not enough rights, …   stopped: a person must let the bot in
    400       any other                              refused
    403       any other, such as: bot was kicked     stopped
    401, 404                                         stopped: no bot has this token

Source: https://core.telegram.org/bots/api#making-requests; the texts are those its servers send.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

from services.publish.delivery.row import Op, Outcome
from services.publish.social.budget import as_ms

Meaning = Literal["", "there", "missing", "impossible", "stopped", "refused"]
OK, BAD_REQUEST, FORBIDDEN = 200, 400, 403
NO_SUCH_BOT = (401, 404)
TEXTS: Mapping[Meaning, tuple[str, ...]] = {
    "there": ("message is not modified",),
    "missing": (
        "message to edit not found",
        "message to delete not found",
        "message_id_invalid",
    ),
    "impossible": (
        "message can't be deleted",
        "message can't be edited",
        "message_delete_forbidden",
    ),
    "stopped": (
        "chat not found",
        "not enough rights",
        "have no rights",
        "need administrator rights",
        "bot was kicked",
        "bot is not a member",
        "upgraded to a supergroup",
        "chat_admin_required",
        "chat_write_forbidden",
        "channel_private",
    ),
}
OF_PICTURES = ("photo", "image_process_failed", "wrong file", "file must be non-empty")
RIGHTS = ("can_post_messages", "can_edit_messages", "can_delete_messages")
"""https://core.telegram.org/bots/api#chatmemberadministrator"""
NO_TEXT = "there is no text in the message to edit"


def read(outcome: Outcome, status: int, said: Mapping[str, Any], op: Op) -> Outcome:
    """What came of a call, where `outcome` is what its status alone would mean."""
    if status == OK:
        return replace(outcome, remote_id=_number(said))
    wait = max(outcome.after_ms, _retry_after_ms(said))
    match _meaning(status, said):
        case "there":
            return Outcome("done")
        case "missing":
            return Outcome("done", is_proof=True) if op == "kill" else Outcome("missing")
        case "impossible" | "stopped" | "refused" as verdict:
            is_hopeless = verdict != "impossible" or op == "kill"
            return Outcome(verdict if is_hopeless else "refused", outcome.error)
        case _:
            return replace(outcome, after_ms=wait, rest_ms=max(outcome.rest_ms, wait))


def is_about_the_picture(status: int, said: Mapping[str, Any]) -> bool:
    """Whether the post would have been taken without it."""
    return status == BAD_REQUEST and any(one in _text(said) for one in OF_PICTURES)


def has_no_text(status: int, said: Mapping[str, Any]) -> bool:
    """Whether it is a picture, whose text is its caption."""
    return status == BAD_REQUEST and NO_TEXT in _text(said)


def lacking(member: object) -> list[str]:
    """The rights that a member of a channel lacks. Its creator has them all."""
    if not isinstance(member, dict) or member.get("status") == "creator":
        return []
    return [right for right in RIGHTS if member.get(right) is not True]


def _meaning(status: int, said: Mapping[str, Any]) -> Meaning:
    if status in NO_SUCH_BOT:
        return "stopped"
    if status not in (BAD_REQUEST, FORBIDDEN):
        return ""
    text = _text(said)
    found = (name for name, texts in TEXTS.items() if any(one in text for one in texts))
    return next(found, "stopped" if status == FORBIDDEN else "refused")


def _retry_after_ms(said: Mapping[str, Any]) -> int:
    """How long it wants no more calls: an answer 429 has it in its parameters."""
    parameters = said.get("parameters")
    return as_ms(parameters.get("retry_after")) if isinstance(parameters, dict) else 0


def _number(said: Mapping[str, Any]) -> str:
    """The message's number; "" when the answer has none."""
    result = said.get("result")
    return str(result.get("message_id", "")) if isinstance(result, dict) else ""


def _text(said: Mapping[str, Any]) -> str:
    return str(said.get("description", "")).lower()
