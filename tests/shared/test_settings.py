"""Settings: three layers, one truth, and an error that says where to mend what."""

from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict, SecretStr

from services.commands.service import LogSettings
from services.ingest.app import IngestSettings
from shared.errors import Misconfigured
from shared.hop import StreamSettings
from shared.settings import Settings


class Door(BaseModel):
    """A section as a service declares it; `[ingest]` has these keys among others."""

    model_config = ConfigDict(frozen=True)

    port: int
    keys: tuple[SecretStr, ...]
    local_key: SecretStr


def plain(settings: Settings) -> list[str]:
    return [key.get_secret_value() for key in settings.section("ingest", Door).keys]


def written(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "wiredesk.toml"
    file.write_text(text, "utf-8")
    return file


def test_without_a_file_the_defaults_hold() -> None:
    settings = Settings.load(None, {})
    assert settings.section("ingest", Door).port == 8081
    assert settings.values["site"]["language"] == "zh-Hant-TW"


def test_the_file_wins_over_the_defaults_and_the_environment_over_the_file(tmp_path: Path) -> None:
    file = written(tmp_path, "[ingest]\nport = 1\nkeys = ['from-the-file']\n")
    assert Settings.load(file, {}).section("ingest", Door).port == 1
    both = Settings.load(file, {"WIREDESK_INGEST__PORT": "2"})
    assert both.section("ingest", Door).port == 2
    assert plain(both) == ["from-the-file"]


def test_a_file_in_chinese_is_read_as_utf_8_whatever_the_locale(tmp_path: Path) -> None:
    file = written(tmp_path, '[site]\nname = "島嶼晚報"\n')
    assert Settings.load(file, {}).values["site"]["name"] == "島嶼晚報"


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("one", ["one"]),
        ("one, two ,", ["one", "two"]),
        ('["a,b", "c"]', ["a,b", "c"]),
        ("", []),
    ],
)
def test_a_list_in_the_environment_is_json_or_words_between_commas(
    text: str, keys: list[str]
) -> None:
    assert plain(Settings.load(None, {"WIREDESK_INGEST__KEYS": text})) == keys


def test_a_secret_may_stand_in_a_file_of_its_own(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("wd_0123_from-a-file\n")
    environ = {
        "WIREDESK_INGEST__KEYS_FILE": str(secret),
        "WIREDESK_INGEST__LOCAL_KEY_FILE": str(secret),
    }
    settings = Settings.load(None, environ)
    assert plain(settings) == ["wd_0123_from-a-file"]
    local = settings.section("ingest", Door).local_key
    assert local.get_secret_value() == "wd_0123_from-a-file"


def test_a_section_never_shows_its_secrets() -> None:
    settings = Settings.load(None, {"WIREDESK_INGEST__KEYS": "wd_very_secret_key"})
    assert "very_secret" not in repr(settings.section("ingest", Door))


def test_what_is_not_ours_in_the_environment_is_left_alone() -> None:
    environ = {"INGEST__PORT": "x", "WIREDESK_CONFIG": "x", "PATH": "x"}
    assert Settings.load(None, environ) == Settings.load(None, {})


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[ingest]\nport = 'high'\n", r"wiredesk\.toml: \[ingest\] port: .*integer"),
        ("[ingest]\nprot = 1\n", r"wiredesk\.toml: \[ingest\] prot: Extra inputs"),
        ("[ingset]\nport = 1\n", r"wiredesk\.toml: \[ingset\]: unknown; known are redis, "),
        ("port = 1\n", r"wiredesk\.toml: port: must stand in a \[section\]"),
        ("[ingest\n", r"wiredesk\.toml: not TOML: "),
    ],
)
def test_an_error_names_file_key_and_reason(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(Misconfigured, match=told):
        Settings.load(written(tmp_path, text), {}).section("ingest", IngestSettings)


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("WIREDESK_INGEST__PORT", "70000", r"WIREDESK_INGEST__PORT: \[ingest\] port: .*65535"),
        ("WIREDESK_INGEST__PROT", "1", r"WIREDESK_INGEST__PROT: \[ingest\] prot: Extra inputs"),
        ("WIREDESK_INGSET__PORT", "1", r"WIREDESK_INGSET__PORT: \[ingset\]: unknown"),
        ("WIREDESK_INGEST__KEYS", "[1,", "WIREDESK_INGEST__KEYS: not a JSON list"),
        ("WIREDESK_INGEST__KEYS_FILE", "/no/such", "KEYS_FILE: /no/such cannot be read: No such"),
    ],
)
def test_an_error_names_the_variable_it_comes_from(name: str, value: str, told: str) -> None:
    with pytest.raises(Misconfigured, match=told):
        Settings.load(None, {name: value}).section("ingest", IngestSettings)


def test_a_secret_is_not_told_when_it_is_wrong(tmp_path: Path) -> None:
    file = written(tmp_path, "[ingest]\nlocal_key = ['wd_secret_in_a_list']\n")
    with pytest.raises(Misconfigured, match=r"local_key: .*string") as told:
        Settings.load(file, {}).section("ingest", IngestSettings)
    assert "wd_secret" not in str(told.value)


def test_files_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="cannot be read: No such file"):
        Settings.load(tmp_path / "missing.toml", {})
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff\xfe")
    with pytest.raises(Misconfigured, match="not TOML"):
        Settings.load(binary, {})
    with pytest.raises(Misconfigured, match="is not UTF-8 text"):
        Settings.load(None, {"WIREDESK_INGEST__LOCAL_KEY_FILE": str(binary)})


@pytest.mark.parametrize("value", ["0", "-1", "many"])
def test_a_number_of_the_streams_is_positive(value: str) -> None:
    with pytest.raises(Misconfigured, match=r"\[streams\] batch"):
        Settings.load(None, {"WIREDESK_STREAMS__BATCH": value}).section("streams", StreamSettings)


def test_levels_and_formats_of_logs_are_a_closed_list() -> None:
    good = Settings.load(None, {"WIREDESK_LOGS__LEVEL": "debug"})
    assert good.section("logs", LogSettings).level == "DEBUG"
    for name in ("LEVEL", "FORMAT"):
        bad = Settings.load(None, {f"WIREDESK_LOGS__{name}": "loud"})
        with pytest.raises(Misconfigured, match=f"WIREDESK_LOGS__{name}: "):
            bad.section("logs", LogSettings)
