"""The documents cannot rot: what operators and newsrooms meet in the code stands in them."""

import re
import subprocess
import tomllib
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest
import typer
from prometheus_client.metrics import MetricWrapperBase

from services.cli import app
from services.ingest.reading import FORMATS
from shared import metrics
from shared.article import Article
from shared.logs import Happened
from shared.settings import DEFAULTS

ROOT = Path(__file__).parents[1]
OPERATIONS = ROOT / "docs" / "operations.md"
FORMATS_PAGE = ROOT / "docs" / "formats.md"
COMMAND = re.compile(r"wiredesk ([a-z-]+(?: [a-z]+)?)")
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)|<img src=\"([^\"]+)\"")
TARGET = re.compile(r"^([a-z-]+):", re.MULTILINE)
FENCE = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)
PATHS = re.compile(r"`((?:services|shared|tests|docs|bench)/[\w./-]+)`")


def documents() -> list[Path]:
    """Every Markdown page that is, or is about to be, in the repository; an archive has no git."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "*.md"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    ).stdout.split()
    found = [ROOT / name for name in listed] or [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]
    return sorted(path for path in found if path.exists())


def path_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def text_of(*pages: Path) -> str:
    return "\n".join(page.read_text("utf-8") for page in pages)


def rows(page: Path) -> set[str]:
    """What stands in code marks at the beginning of the rows of a page's tables."""
    cells = [line.split("|")[1] for line in text_of(page).splitlines() if line.startswith("| `")]
    return {name for cell in cells for name in re.findall(r"`([^`]+)`", cell)}


def commands(command: object, before: str = "") -> Iterator[str]:
    for name, below in getattr(command, "commands", {}).items():
        if hasattr(below, "commands"):
            yield from commands(below, f"{name} ")
        else:
            yield before + name


def exposed_names() -> set[str]:
    """The metrics as Prometheus shows them."""
    found = [one for one in vars(metrics).values() if isinstance(one, MetricWrapperBase)]
    families = [family for one in found for family in one.describe()]
    return {f.name + ("_total" if f.type == "counter" else "") for f in families}


def test_there_are_documents_to_look_at() -> None:
    names = {page.name for page in documents()}
    assert {"README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"} <= names


def test_every_log_event_is_explained_and_none_that_is_gone() -> None:
    explained = {name for name in rows(OPERATIONS) if re.fullmatch(r"[a-z]+\.[a-z_]+", name)}
    known = {happened.value for happened in Happened}
    assert explained - {"local.key", "endpoints.json", "wiredesk.log"} == known


def test_every_metric_is_explained_and_none_that_is_gone() -> None:
    explained = {name for name in rows(OPERATIONS) if name.startswith("wiredesk_")}
    assert explained == exposed_names()


def test_every_command_is_shown_to_operators() -> None:
    shown = set(COMMAND.findall(text_of(ROOT / "README.md", OPERATIONS)))
    words = shown | {name.split()[0] for name in shown}
    assert set(commands(typer.main.get_command(app))) - words == set()


def test_every_setting_is_commented_or_says_itself_what_it_is() -> None:
    """A comment stands above the setting; only host, port and words for readers need none."""
    plain = {"host", "port", "level", "name", "description", "language", "timezone"}
    lines = files("shared").joinpath(DEFAULTS).read_text("utf-8").splitlines()
    settings = {
        f"{section}.{key}"
        for section, table in tomllib.loads("\n".join(lines)).items()
        for key in table
        if key not in plain
    }
    assert settings - set(commented(lines)) == set()


def commented(lines: list[str]) -> Iterator[str]:
    section = ""
    for above, line in zip(["", *lines], lines, strict=False):
        if line.startswith("["):
            section = line.strip("[]")
        elif "=" in line and above.startswith("# "):
            yield f"{section}.{line.split('=')[0].strip()}"


def test_every_field_of_an_article_is_in_the_table_of_fields() -> None:
    table = text_of(FORMATS_PAGE).partition("### Fields of an article")[2].partition("\n## ")[0]
    told = re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)
    assert told == list(Article.model_fields)


def test_every_format_has_a_section_of_its_own() -> None:
    headings = re.findall(r"^## (\w+)$", text_of(FORMATS_PAGE), re.MULTILINE)
    assert set(FORMATS) <= set(headings)


def test_every_limit_of_a_text_is_the_one_that_is_told() -> None:
    page = text_of(FORMATS_PAGE)
    limits = {name: limit_of(name) for name in ("headline", "description", "body_html")}
    told = re.search(
        r"A line has at most ([\d,]+) characters, prose ([\d,]+), a body ([\d,]+)", page
    )
    assert told is not None
    assert [int(number.replace(",", "")) for number in told.groups()] == list(limits.values())


def limit_of(field: str) -> int:
    constraints = Article.model_fields[field].metadata
    return next(int(one.max_length) for one in constraints if hasattr(one, "max_length"))


@pytest.mark.parametrize("page", documents(), ids=path_of)
def test_relative_links_lead_somewhere(page: Path) -> None:
    found = LINK.findall(FENCE.sub("", text_of(page)))
    links = [markdown or html for markdown, html in found]
    local = [link.partition("#")[0] for link in links if "://" not in link and link[0] != "#"]
    assert [link for link in local if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", documents(), ids=path_of)
def test_files_named_in_a_document_exist(page: Path) -> None:
    named = PATHS.findall(FENCE.sub("", text_of(page)))
    toys = {"services/ingest/formats/one_line.py", "services/enrich/steps/hashtags.py"}
    toys |= {"tests/samples/one_line/quake.txt"}
    assert [path for path in named if path not in toys and not (ROOT / path).exists()] == []


@pytest.mark.parametrize("page", documents(), ids=path_of)
def test_every_make_command_is_one(page: Path) -> None:
    targets = set(TARGET.findall((ROOT / "Makefile").read_text("utf-8")))
    blocks = "\n".join(FENCE.findall(text_of(page)))
    named = set(re.findall(r"^make ([a-z-]+)", blocks, re.MULTILINE))
    named |= set(re.findall(r"`make ([a-z-]+)", text_of(page)))
    assert named <= targets
