"""Destinations of the settings file: read as they stand there, and kept like all others."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from services.publish import channels
from services.publish.delivery.configured import configured, settle
from services.publish.delivery.destinations import Destination, Destinations
from shared.errors import Misconfigured
from shared.plugs import find_plugs
from shared.settings import Settings

NOW = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
PLUGS: Mapping[str, ModuleType] = find_plugs(channels)
OLD, NEW = (f"whsec_{sign * 43}=" for sign in "AB")
PARTNER = f"""
[destinations.partner]
channel = "webhook"
filter = "section:運動 urgency:<=3"
max_per_hour = 20
settings = {{url = "https://partner.example/hooks", secrets = ["{OLD}"]}}
"""


def read(folder: Path, text: str) -> dict[str, Destination]:
    file = folder / "wiredesk.toml"
    file.write_text(text, "utf-8")
    return configured(Settings.load(file, {}), PLUGS, NOW)


def test_a_table_is_a_destination(tmp_path: Path) -> None:
    partner = read(tmp_path, PARTNER)["partner"]
    assert (partner.name, partner.channel, partner.configured) == ("partner", "webhook", True)
    assert (str(partner.filter), partner.max_per_hour) == ("section:運動 urgency:<=3", 20)
    assert partner.settings["url"] == "https://partner.example/hooks"


def test_without_any_table_there_is_none(tmp_path: Path) -> None:
    assert read(tmp_path, "") == {}


def test_a_secret_may_stand_in_a_file_beside_the_settings_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(f"{NEW}\n{OLD}\n")
    text = PARTNER.replace(f'secrets = ["{OLD}"]', 'secrets_file = "secret"')
    assert read(tmp_path, text)["partner"].settings["secrets"] == [NEW, OLD]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            ('"webhook"', '"pigeon"'),
            r"wiredesk\.toml: \[destinations\.partner\] channel: there are",
        ),
        (("section:運動", "weather:sun"), r"\[destinations\.partner\] filter: no field 'weather'"),
        (("https://partner", "ftp://partner"), r"\[destinations\.partner\] settings\.url: "),
        ((OLD, "geheim-geheim"), r"\[destinations\.partner\] settings\.secrets\.0: write whsec_"),
        (("max_per_hour = 20", "max_per_hour = 0"), "max_per_hour: .*greater than or equal to 1"),
        (("max_per_hour", "colour"), "colour: Extra inputs"),
        (("max_per_hour = 20", 'state = "paused"'), "state: not to be written here"),
        (("destinations.partner", "destinations.Partner"), "name: "),
        (("secrets =", 'secrets_file = "secret", secrets ='), "secrets is written here as well"),
        ((f'secrets = ["{OLD}"]', 'secrets_file = "gone"'), r"secrets_file: .*gone cannot be read"),
        ((f', secrets = ["{OLD}"]', ""), r"settings\.secrets: Field required"),
    ],
)
def test_an_error_names_file_table_and_field_and_no_secret(
    tmp_path: Path, change: tuple[str, str], told: str
) -> None:
    with pytest.raises(Misconfigured, match=told) as error:
        read(tmp_path, PARTNER.replace(*change))
    assert "geheim" not in str(error.value)
    assert OLD not in str(error.value)


def test_every_fault_of_a_table_is_told_at_once(tmp_path: Path) -> None:
    wrong = PARTNER.replace("https:", "ftp:").replace("= 20", "= 0").replace("section:", "x:")
    with pytest.raises(Misconfigured) as error:
        read(tmp_path, wrong)
    fields = ("settings.url", "max_per_hour", "filter")
    assert all(f"] {field}: " in str(error.value) for field in fields)


def test_what_is_no_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"\[destinations\.partner\]: must be a table"):
        read(tmp_path, '[destinations]\npartner = "https://partner.example/"\n')


def test_destinations_are_not_read_from_the_environment() -> None:
    with pytest.raises(Misconfigured, match="written in a settings file"):
        Settings.load(None, {"WIREDESK_DESTINATIONS__PARTNER": "x"})


@pytest.fixture
def store(redis: Redis) -> Destinations:
    return Destinations(redis)


def happenings(logs: list[dict[str, object]]) -> list[tuple[object, object]]:
    return [(line["event"], line["destination"]) for line in logs]


async def test_a_start_brings_the_file_into_the_store_once(
    store: Destinations, tmp_path: Path
) -> None:
    for expected in ([("destination.added", "partner")], []):
        with capture_logs() as logs:
            await settle(store, read(tmp_path, PARTNER))
        assert happenings(logs) == expected
    assert (await store.all())["partner"].configured


async def test_a_change_in_the_file_is_a_change_in_the_store_and_what_is_paused_stays_so(
    store: Destinations, tmp_path: Path
) -> None:
    await settle(store, read(tmp_path, PARTNER))
    await store.pause("partner", "搬家")
    with capture_logs() as logs:
        await settle(store, read(tmp_path, PARTNER.replace("= 20", "= 30")))
    assert happenings(logs) == [("destination.changed", "partner")]
    partner = (await store.all())["partner"]
    assert (partner.max_per_hour, partner.state, partner.reason) == (30, "paused", "搬家")


async def test_what_leaves_the_file_is_retired_and_its_address_kept_for_kills(
    store: Destinations, tmp_path: Path
) -> None:
    await settle(store, read(tmp_path, PARTNER))
    with capture_logs() as logs:
        await settle(store, {})
    assert happenings(logs) == [("destination.retired", "partner")]
    partner = (await store.all())["partner"]
    assert (partner.state, partner.is_served) == ("retired", False)
    assert partner.settings["url"] == "https://partner.example/hooks"
    assert await store.served() == []
    assert await store.remove("partner")
    assert await store.all() == {}


async def test_what_comes_back_into_the_file_is_served_again(
    store: Destinations, tmp_path: Path
) -> None:
    for tables in (read(tmp_path, PARTNER), {}, read(tmp_path, PARTNER)):
        await settle(store, tables)
    partner = (await store.all())["partner"]
    assert (partner.state, partner.reason, partner.configured) == ("active", "", True)


async def test_the_file_takes_over_what_was_added_by_hand_and_leaves_the_others(
    store: Destinations, tmp_path: Path
) -> None:
    for name in ("partner", "other"):
        added: dict[str, object] = {"name": name, "channel": "webhook", "settings": {}}
        await store.add(Destination.model_validate({**added, "created": NOW}))
    await settle(store, read(tmp_path, PARTNER))
    found = await store.all()
    assert found["partner"].settings["secrets"] == [OLD]
    assert (found["other"].state, found["other"].configured) == ("active", False)
    assert json.loads(found["partner"].model_dump_json())["configured"] is True
