"""What the container files promise, as far as it shows without an engine."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
COMPOSE = (ROOT / "docker-compose.yml").read_text()
DOCKERFILE = (ROOT / "Dockerfile").read_text()
SETTING = re.compile(r"WIREDESK_([A-Z]+)__([A-Z_]+)")


def test_every_setting_in_the_compose_file_exists() -> None:
    defaults = tomllib.loads((ROOT / "shared" / "wiredesk.default.toml").read_text())
    used = {(section.lower(), key.lower()) for section, key in SETTING.findall(COMPOSE)}
    assert used
    assert {place for place in used if place[1] not in defaults.get(place[0], {})} == set()


def test_the_engine_of_our_own_has_the_images_that_are_asked_for() -> None:
    asked = {
        *re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE),
        *re.findall(r"^    image: (\S+)", COMPOSE, re.MULTILINE),
    }
    engine = (ROOT / "tests" / "compose" / "engine.sh").read_text()
    loaded = {image for image in asked if image in engine}
    assert loaded == asked


def test_nothing_is_published_beyond_this_machine() -> None:
    published = re.findall(r'ports: \["([^"]+)"\]', COMPOSE)
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)
