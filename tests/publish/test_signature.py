"""Standard Webhooks signatures: the published example, and whoever changes anything."""

from base64 import b64encode
from datetime import UTC, datetime

import pytest
from hypothesis import assume, given, strategies as st
from pydantic import TypeAdapter, ValidationError

from services.publish.delivery.message_key import message_key
from services.publish.delivery.row import OPS, Op
from services.publish.delivery.signature import WebhookSecret, accepts, new_secret, sign

SECRET, OTHER = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_" + b64encode(b"o" * 32).decode()
MESSAGE_ID, SENT_AT = "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330
BODY = b'{"test": 2432232314}'
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="

keys = st.binary(min_size=24, max_size=64)
secrets = keys.map(lambda key: "whsec_" + b64encode(key).decode())
message_ids = st.from_regex(r"[A-Za-z0-9_-]{1,60}", fullmatch=True)
instants = st.integers(0, 10**11)


def signed(
    secrets: list[str], message_id: str = MESSAGE_ID, sent_at: int = SENT_AT, body: bytes = BODY
) -> dict[str, str]:
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(sent_at),
        "webhook-signature": sign(secrets, message_id, sent_at, body),
    }


def test_the_example_of_the_specification_comes_out() -> None:
    assert sign([SECRET], MESSAGE_ID, SENT_AT, BODY) == SIGNATURE


@given(st.lists(secrets, min_size=1, max_size=2), message_ids, instants, st.binary())
def test_what_we_sign_we_accept(
    both: list[str], message_id: str, sent_at: int, body: bytes
) -> None:
    headers = signed(both, message_id, sent_at, body)
    assert all(accepts([one], headers, body, sent_at) for one in both)


@given(st.binary(), st.binary())
def test_another_body_is_refused(body: bytes, other: bytes) -> None:
    assume(body != other)
    assert not accepts([SECRET], signed([SECRET], body=body), other, SENT_AT)


@given(
    st.sampled_from(["webhook-id", "webhook-timestamp", "webhook-signature"]),
    st.text(max_size=60),
)
def test_another_header_is_refused(name: str, value: str) -> None:
    headers = signed([SECRET])
    assume(SIGNATURE not in value and value != headers[name])
    assert not accepts([SECRET], headers | {name: value}, BODY, SENT_AT)


@given(secrets)
def test_another_secret_is_refused(secret: str) -> None:
    assume(secret != SECRET)
    assert not accepts([secret], signed([SECRET]), BODY, SENT_AT)


@pytest.mark.parametrize("missing", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_without_a_header_it_is_refused(missing: str) -> None:
    headers = {name: value for name, value in signed([SECRET]).items() if name != missing}
    assert not accepts([SECRET], headers, BODY, SENT_AT)


@pytest.mark.parametrize(("late", "well"), [(0, True), (300, True), (301, False)])
def test_a_message_is_good_for_five_minutes(late: int, *, well: bool) -> None:
    headers = signed([SECRET])
    assert accepts([SECRET], headers, BODY, SENT_AT + late) is well
    assert accepts([SECRET], headers, BODY, SENT_AT - late) is well


def test_a_dot_cannot_be_moved_from_the_body_into_the_id() -> None:
    moved = sign([SECRET], "msg_1", 1_000, b"1000.{}")
    headers = {
        "webhook-id": "msg_1.1000",
        "webhook-timestamp": "1000",
        "webhook-signature": moved,
    }
    assert not accepts([SECRET], headers, b"{}", 1_000)


@pytest.mark.parametrize("written", [f"0{SENT_AT}", f" {SENT_AT}", f"+{SENT_AT}", "9" * 10_000])
def test_a_timestamp_has_one_way_of_writing(written: str) -> None:
    headers = signed([SECRET]) | {"webhook-timestamp": written}
    assert not accepts([SECRET], headers, BODY, SENT_AT)


@pytest.mark.parametrize("bad", ["msg_1.2", "", "msg 1"])
def test_an_id_that_could_be_misread_is_not_signed(bad: str) -> None:
    with pytest.raises(ValueError, match="message id"):
        sign([SECRET], bad, SENT_AT, BODY)


def test_every_new_secret_is_another_and_fits() -> None:
    made = {new_secret() for _ in range(100)}
    assert len(made) == 100
    for secret in made:
        shown = TypeAdapter(WebhookSecret).validate_python(secret)
        assert shown.get_secret_value() == secret
        assert secret not in str(shown)


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "whsec_",
        SECRET.removeprefix("whsec_"),
        "whsec_" + b64encode(b"k" * 23).decode(),
        "whsec_" + b64encode(b"k" * 65).decode(),
        "whsec_這不是密鑰這不是密鑰這不是密鑰",
        SECRET + "!",
        SECRET[:-1],
    ],
)
def test_a_weak_or_broken_secret_is_refused_and_not_repeated(bad: str) -> None:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(WebhookSecret).validate_python(bad)
    told = str(caught.value.errors(include_input=False))
    assert bad in ("", "whsec_") or bad not in told


def test_another_implementation_accepts_what_we_sign() -> None:
    peer = pytest.importorskip("standardwebhooks")
    now = int(datetime.now(UTC).timestamp())
    body = '{"type":"article.published","data":{"headline":"捷運環狀線通車"}}'
    headers = signed([OTHER, SECRET], sent_at=now, body=body.encode())
    for secret in (SECRET, OTHER):
        assert peer.Webhook(secret).verify(body, headers)["type"] == "article.published"
    with pytest.raises(peer.WebhookVerificationError):
        peer.Webhook(SECRET).verify(body + " ", headers)


told = st.tuples(
    st.from_regex(r"urn:[a-z0-9:]{1,20}", fullmatch=True),
    st.integers(1, 2**53 - 1),
    st.sampled_from(OPS),
    st.from_regex(r"[a-z0-9-]{1,20}", fullmatch=True),
)


@given(told, told)
def test_a_message_key_names_one_thing_told_to_one_destination(
    one: tuple[str, int, Op, str], other: tuple[str, int, Op, str]
) -> None:
    assert (message_key(*one) == message_key(*other)) == (one == other)


def test_a_message_key_never_changes() -> None:
    key = message_key("tag:example.tw,2026:橋", 3, "put", "partner")
    assert key == "msg_1895f6b9e80ec746390a4f0ec8718c28"
    assert sign([SECRET], key, SENT_AT, BODY)
