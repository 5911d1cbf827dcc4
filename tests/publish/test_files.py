"""The file store: whole files, nothing outside the root, and no way back for a killed page."""

import asyncio
import gzip
import threading
from pathlib import Path

import brotli
import pytest
from hypothesis import given, strategies as st

from services.publish.lists import slug_of
from services.publish.site.address import Status, file_at, page_at, pages_at
from services.publish.site.files import Files, read_file

PATH = "/news/20261123/k3f9a2m7q4xwb"
PAGE = "<!doctype html><title>河濱公園</title>".encode() * 20
GONE = "<!doctype html><title>本文已撤下</title>".encode()

HOSTILE = [
    "/../outside", "/news/../../etc/passwd", "/news/..", "/.locks/00", "/news//x", "/a\x00b",
    "/news/con.html", "/tag/a\\b", "/tag/\u202e", "/" + "長" * 51, "/tag/\udcff", "/tag/a b",
    "/tag/a%2e%2e", "/-rf", "news/a", "/tag/a\n",
]  # fmt: skip


def names(root: Path) -> set[str]:
    found = (file for file in root.rglob("*") if file.is_file() and ".locks" not in file.parts)
    return {str(file.relative_to(root)) for file in found}


def test_a_page_is_there_with_both_packed_forms(tmp_path: Path) -> None:
    Files(tmp_path).put_page(PATH, 200, PAGE)
    file = tmp_path / f"{PATH[1:]}.html"
    assert file.read_bytes() == PAGE
    assert gzip.decompress(file.with_suffix(".html.gz").read_bytes()) == PAGE
    assert brotli.decompress(file.with_suffix(".html.br").read_bytes()) == PAGE
    assert len(names(tmp_path)) == 3


def test_a_feed_is_packed_with_gzip_alone(tmp_path: Path) -> None:
    Files(tmp_path).put("/section/生活/feed.xml", b"<rss/>")
    assert names(tmp_path) == {"section/生活/feed.xml", "section/生活/feed.xml.gz"}


def test_equal_bytes_are_not_written_again(tmp_path: Path) -> None:
    files = Files(tmp_path)
    assert files.put("/", PAGE)
    before = (tmp_path / "index.html").stat().st_ino
    assert not files.put("/", PAGE)
    assert (tmp_path / "index.html").stat().st_ino == before


def test_packed_forms_do_not_depend_on_the_clock(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    for root in (one, two):
        Files(root).put("/", PAGE)
    for form in ("index.html.gz", "index.html.br"):
        assert (one / form).read_bytes() == (two / form).read_bytes()
    assert (one / "index.html.gz").read_bytes()[4:8] == b"\0\0\0\0"


def test_a_missing_packed_form_is_made_again(tmp_path: Path) -> None:
    files = Files(tmp_path)
    files.put("/", PAGE)
    (tmp_path / "index.html.gz").unlink()
    assert files.put("/", PAGE)
    assert (tmp_path / "index.html.gz").exists()


@pytest.mark.parametrize(("first", "then"), [(200, 410), (200, 404), (410, 200), (404, 410)])
def test_one_path_has_one_page(tmp_path: Path, first: Status, then: Status) -> None:
    endings = {200: ".html", 404: ".404.html", 410: ".410.html"}
    files = Files(tmp_path)
    files.put_page(PATH, first, PAGE)
    files.put_page(PATH, then, GONE)
    expected = {f"{PATH[1:]}{endings[then]}{form}" for form in ("", ".gz", ".br")}
    assert names(tmp_path) == expected


@pytest.mark.parametrize("moment", range(3))
@pytest.mark.parametrize("then", [404, 410])
@pytest.mark.parametrize("first", [200, 404, 410])
def test_a_withdrawal_while_a_reader_looks_leaves_no_hole(
    tmp_path: Path, first: Status, then: Status, moment: int
) -> None:
    files, answers = Files(tmp_path), list[Status]()
    files.put_page(PATH, first, PAGE)
    for looked, (status, place) in enumerate(pages_at(PATH)):
        if looked == moment:
            files.put_page(PATH, then, GONE)
        if read_file(tmp_path, place):
            answers.append(status)
    assert answers[0] in {first, then}


def test_a_killed_page_cannot_be_seen_at_any_moment_of_the_kill(tmp_path: Path) -> None:
    """A reader who looks all the time, withdrawn before visible, never sees the text come back."""
    files, stop, wrong = Files(tmp_path), threading.Event(), list[str]()

    def look() -> None:
        was_gone = False
        while not stop.is_set():
            for _, place in pages_at(PATH):
                if found := read_file(tmp_path, place):
                    break
            else:
                wrong.append("nothing there")
                continue
            is_gone = found[0] == GONE
            if was_gone and not is_gone:
                wrong.append("seen again")
            was_gone = was_gone or is_gone

    files.put_page(PATH, 200, PAGE)
    reader = threading.Thread(target=look)
    reader.start()
    files.put_page(PATH, 410, GONE)
    files.put_page(PATH, 410, GONE)
    stop.set()
    reader.join()
    assert wrong == []


def test_a_killed_story_goes_even_when_its_notice_cannot_be_written(tmp_path: Path) -> None:
    files = Files(tmp_path)
    files.put_page(PATH, 200, PAGE)
    (tmp_path / f"{PATH[1:]}.410.html.br").mkdir()
    with pytest.raises(OSError, match=r"410\.html\.br"):
        files.put_page(PATH, 410, GONE)
    assert names(tmp_path) == set()


def test_a_reader_never_finds_half_a_page(tmp_path: Path) -> None:
    files, stop, sizes = Files(tmp_path), threading.Event(), set[int]()
    bodies = [bytes([65 + number]) * 90_000 * (number + 1) for number in range(3)]
    files.put("/", bodies[0])
    place = file_at("/")
    assert place

    def look() -> None:
        while not stop.is_set():
            found = read_file(tmp_path, place)
            sizes.add(len(found[0]) if found else 0)

    reader = threading.Thread(target=look)
    reader.start()
    for _ in range(5):
        for body in bodies:
            files.put("/", body)
    stop.set()
    reader.join()
    assert sizes <= {len(body) for body in bodies}


def test_a_write_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    files = Files(tmp_path)
    (tmp_path / "feed.xml.gz").mkdir()
    with pytest.raises(OSError, match="feed"):
        files.put("/feed.xml", b"<rss/>")
    assert names(tmp_path) == set()


@pytest.mark.parametrize("status", [200, 410])
def test_what_a_crash_left_half_written_goes_with_the_next_write_or_the_kill(
    tmp_path: Path, status: Status
) -> None:
    files = Files(tmp_path)
    files.put_page(PATH, 200, PAGE)
    [page] = tmp_path.rglob("*.html")
    for form in ("", ".br", ".gz"):
        page.with_name(f".{page.name}{form}.new").write_bytes(PAGE[:9])
    files.put_page(PATH, status, GONE)
    assert list(tmp_path.rglob(".*.new")) == []


@pytest.mark.parametrize("path", HOSTILE)
def test_a_path_that_is_not_ours_is_refused_and_writes_nothing(tmp_path: Path, path: str) -> None:
    files = Files(tmp_path / "root")
    with pytest.raises(ValueError, match="no path of this site"):
        files.put_page(path, 200, PAGE)
    with pytest.raises(ValueError, match="no path of this site"):
        files.put(path + "/", PAGE)
    assert names(tmp_path) == set()


@given(st.text(max_size=300))
def test_every_slug_stays_one_component_whatever_a_newsroom_writes(label: str) -> None:
    slug = slug_of(label)
    if slug:
        place = file_at(f"/tag/{slug}/")
        assert place
        assert place.folder == ("tag", slug)


@given(st.text(max_size=300))
def test_no_path_leaves_the_root(path: str) -> None:
    for place in (file_at(path), page_at(path, ".html")):
        for part in (*place.folder, place.name) if place else ():
            assert "/" not in part
            assert "\0" not in part
            assert not part.startswith(".")
            assert len(part.encode()) < 256


def test_a_link_inside_the_root_is_never_followed(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    outside.mkdir()
    (outside / "index.html").write_bytes(b"secret")
    files = Files(root)
    (root / "tag").symlink_to(outside)
    with pytest.raises(OSError, match="tag"):
        files.put("/tag/", PAGE)
    place = file_at("/tag/")
    assert place
    assert read_file(root, place) is None
    assert (outside / "index.html").read_bytes() == b"secret"


def test_a_link_in_place_of_a_file_is_replaced_not_followed(tmp_path: Path) -> None:
    root, secret = tmp_path / "root", tmp_path / "secret"
    secret.write_bytes(b"secret")
    files = Files(root)
    (root / "robots.txt").symlink_to(secret)
    with pytest.raises(OSError, match="robots"):
        files.put("/robots.txt", b"User-agent: *\n")
    assert secret.read_bytes() == b"secret"


async def test_a_lock_is_held_by_one_at_a_time(tmp_path: Path) -> None:
    inside = most = 0

    async def work(files: Files) -> None:
        nonlocal inside, most
        async with files.alone("list:all"):
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0.002)
            inside -= 1

    await asyncio.gather(*(work(Files(tmp_path)) for _ in range(12)))
    assert most == 1


def open_files() -> int:
    return len(list(Path("/dev/fd").iterdir()))


async def test_no_open_file_is_left_behind(tmp_path: Path) -> None:
    files, missing = Files(tmp_path), file_at("/tag/none/")
    assert missing
    before = open_files()
    async with files.alone("page:x"):
        files.put_page(PATH, 200, PAGE)
        files.put_page(PATH, 410, GONE)
    assert read_file(tmp_path, missing) is None
    assert open_files() == before
