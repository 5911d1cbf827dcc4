"""The merged log: its lines go into a file, and a full disk stops nothing."""

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from services.merged_log import MergedLog

FULL = Path("/dev/full")


def test_every_line_is_in_the_file(tmp_path: Path) -> None:
    lines = MergedLog(tmp_path / "log", show=False)
    for word in ("一", "二"):
        lines.add(f'{{"event": "{word}"}}\n'.encode())
    lines.close()
    assert (tmp_path / "log").read_text() == '{"event": "一"}\n{"event": "二"}\n'


@pytest.mark.skipif(not FULL.exists(), reason="this system has no disk that is always full")
def test_on_a_full_disk_lines_go_to_the_terminal_alone_and_that_is_said_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    lines = MergedLog(FULL)
    with capture_logs() as said:
        lines.add(b"one\n")
        lines.add(b"two\n")
    lines.close()
    assert capsys.readouterr().err == "one\ntwo\n"
    assert [line["event"] for line in said] == ["log.not_written"]
