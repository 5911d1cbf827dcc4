"""Logs: one line per thing that happened, and no secret in any of them.

Run in processes of their own, because that is what is configured: the logs of a process.
"""

import json
import subprocess
import sys
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
TOKEN = "tk-93f1c07be5aa40d2"  # noqa: S105  # a secret of nobody
LEAKS = {
    "a local variable of a traceback": """
        def fails():
            held = TOKEN
            raise ZeroDivisionError(len(held))
        try:
            fails()
        except ZeroDivisionError as error:
            log.error("entry.failed", exc_info=error)
    """,
    "the message of an exception": """
        try:
            raise RuntimeError("refused: " + TOKEN)
        except RuntimeError:
            log.exception("entry.failed")
    """,
    "the cause of an exception": """
        try:
            try:
                raise ValueError(TOKEN)
            except ValueError as cause:
                raise RuntimeError("refused") from cause
        except RuntimeError as error:
            log.error("entry.failed", exc_info=error)
    """,
    "an exception as a value": """
        log.warning("entry.waits", reason=RuntimeError(TOKEN))
    """,
    "a nested dictionary": """
        log.info("article.received", sent={"headers": [{"x": ("a", TOKEN)}]})
    """,
    "a set, and bytes": """
        log.info("article.received", seen={TOKEN}, body=TOKEN.encode())
    """,
    "an object that shows itself": """
        from types import SimpleNamespace
        log.info("article.received", sender=SimpleNamespace(held=TOKEN))
    """,
    "the event": """
        log.info("got " + TOKEN)
    """,
    "a longer secret that begins with a shorter one": """
        logs.hide(TOKEN + "-and-more")
        log.info("article.received", held=TOKEN + "-and-more")
    """,
    "a record of the logging of a library": """
        import logging
        logging.getLogger("httpx").warning("sent %s to %s", TOKEN, {"k": TOKEN})
    """,
    "the traceback of a library": """
        import logging
        try:
            raise RuntimeError(TOKEN)
        except RuntimeError:
            logging.getLogger("uvicorn.error").exception("failed")
    """,
}
MARK = "\f"
UNKNOWN = {
    "a field by its name": ('log.info("x", api_key="plain-93f1")', "plain-93f1"),
    "a nested field by its name": ('log.info("x", sent={"Password": "plain-93f1"})', "plain-93f1"),
    "user and password in a URL": (
        'log.info("x", url="redis://editor:plain-93f1@host:6379/0")',
        "plain-93f1",
    ),
    "a password with an at sign in a URL": (
        'log.info("x", url="redis://:plain@93f1@host/0")',
        "93f1",
    ),
    "an authorization header": (
        'log.info("x", headers={"Authorization": "Bearer plain-93f1"})',
        "plain-93f1",
    ),
    "an authorization header in text": (
        'log.info("x", sent="authorization: bearer plain-93f1")',
        "plain-93f1",
    ),
    "basic credentials in text": (
        'log.info("x", sent="Authorization: Basic cGxhaW46OTNmMQ==")',
        "cGxhaW46OTNmMQ",
    ),
    "a key of ours that nobody has told of": (
        'log.info("x", said="who has wd_1a2b3c4d_Qx-93f1_zz?")',
        "93f1",
    ),
}


def written(code: str, *, pretty: bool) -> str:
    """What a process that runs the code writes, all of it."""
    script = dedent(f"""
        import structlog
        from shared import logs
        TOKEN = "-".join(("tk", "93f1c07be5aa40d2"))
        logs.hide(TOKEN)
        logs.configure("ingest", pretty={pretty})
        log = structlog.get_logger()
    """) + dedent(code)
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout + done.stderr


def lines(code: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in written(code, pretty=False).splitlines()]


@pytest.fixture(scope="module", params=[True, False], ids=["for people", "JSON"])
def said(request: pytest.FixtureRequest) -> dict[str, str]:
    """What each of the cases writes; all of them in one process."""
    cases = LEAKS | {where: code for where, (code, _) in UNKNOWN.items()}
    script = "import sys\n"
    for where, code in cases.items():
        script += f"def leak():\n{indent(dedent(code).strip(), '    ')}\nleak()\n"
        script += f"print({MARK!r} + {where!r} + {MARK!r}, end='', file=sys.stderr)\n"
    told = written(script, pretty=request.param).split(MARK)
    return dict(zip(told[1::2], told[::2], strict=False))


@pytest.mark.parametrize("where", LEAKS)
def test_a_known_secret_is_in_no_output(said: dict[str, str], where: str) -> None:
    text = said[where]
    assert "***" in text or where == "a local variable of a traceback"
    assert "Logging error" not in text
    assert "93f1c07be5aa40d2" not in text
    assert "-and-more" not in text


@pytest.mark.parametrize("where", UNKNOWN)
def test_a_secret_that_nobody_told_of_is_known_by_its_place(
    said: dict[str, str], where: str
) -> None:
    _, secret = UNKNOWN[where]
    assert "***" in said[where]
    assert secret not in said[where]


def test_every_line_says_when_how_bad_what_and_who() -> None:
    code = """
        log.info("article.received", uri="urn:news:1")
        log.error("entry.failed")
        import logging
        logging.getLogger("httpx").warning("slow")
    """
    told = lines(code)
    assert [line["level"] for line in told] == ["info", "error", "warning"]
    assert [line["event"] for line in told] == ["article.received", "entry.failed", "slow"]
    assert {line["service"] for line in told} == {"ingest"}
    assert len({line["instance"] for line in told}) == 1
    assert all(line["ts"].endswith("Z") for line in told)


def test_a_traceback_says_where_and_what() -> None:
    code = """
        try:
            1 / 0
        except ZeroDivisionError:
            log.exception("entry.failed")
    """
    [line] = lines(code)
    [told] = line["exception"]
    assert told["exc_type"] == "ZeroDivisionError"
    assert told["frames"][0]["lineno"] > 1
    assert "ZeroDivisionError" in written(code, pretty=True)


def test_chinese_stays_legible_and_numbers_stay_numbers() -> None:
    [line] = lines('log.info("article.enriched", tags="環狀線、捷運", related=3, late=None)')
    assert (line["tags"], line["related"], line["late"]) == ("環狀線、捷運", 3, None)
    assert "環狀線" in written('log.info("x", tags="環狀線")', pretty=False)


def test_libraries_speak_only_of_what_is_wrong() -> None:
    code = """
        import logging
        for name in ("httpx", "faststream", "uvicorn.access", "asyncio"):
            logging.getLogger(name).info("chatter")
    """
    assert written(code, pretty=False) == ""
