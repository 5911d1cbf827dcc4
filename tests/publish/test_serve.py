"""The website over HTTP: types, packed forms, validators, status pages, and hostile paths."""

import gzip
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote

import brotli
import httpx
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from starlette.applications import Starlette
from starlette.routing import Mount

from services.publish.site.files import Files
from services.publish.site.negotiate import codings, last_modified
from services.publish.site.serve import site_app

POLICY = "default-src 'none'"
PATH = "/news/20261123/k3f9a2m7q4xwb"
PAGE = "<!doctype html><title>河濱公園</title>".encode() * 20
FEED = "<rss>河濱公園</rss>".encode() * 20
GONE, HELD, MISSING = b"<title>410</title>", b"<title>held</title>", b"<title>404</title>"
TYPES = {"feed.xml": "application/rss+xml; charset=utf-8", "feed.json": "application/feed+json"}
AN_HOUR = 3600


@pytest.fixture
def root(tmp_path: Path) -> Path:
    files = Files(tmp_path)
    files.put_page(PATH, 200, PAGE)
    files.put_page("/news/20261123/killed", 410, GONE)
    files.put_page("/news/20261123/held", 404, HELD)
    for path in ("/", "/section/生活/"):
        files.put(path, PAGE)
        files.put(path + "feed.xml", FEED)
    (tmp_path / "media").mkdir()
    (tmp_path / "media" / "bridge.jpg").write_bytes(b"\xff\xd8jpeg")
    (tmp_path / "media" / "notes.html").write_bytes(b"<script>")
    for file in tmp_path.rglob("*.*"):
        os.utime(file, (time.time() - AN_HOUR,) * 2)
    return tmp_path


def app_of(root: Path) -> Starlette:
    return site_app(root, policy=POLICY, not_found=MISSING, media_types=TYPES)


@pytest.fixture
async def web(root: Path) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app_of(root))
    plain = {"accept-encoding": "identity"}
    async with httpx.AsyncClient(
        transport=transport, base_url="http://site.test", headers=plain
    ) as client:
        yield client


@pytest.mark.parametrize(
    ("path", "media_type", "body"),
    [
        ("/", "text/html; charset=utf-8", PAGE),
        (PATH, "text/html; charset=utf-8", PAGE),
        ("/section/生活/", "text/html; charset=utf-8", PAGE),
        (f"/section/{quote('生活')}/feed.xml", TYPES["feed.xml"], FEED),
        ("/media/bridge.jpg", "image/jpeg", b"\xff\xd8jpeg"),
    ],
)
async def test_a_file_is_served_as_what_it_is(
    web: httpx.AsyncClient, path: str, media_type: str, body: bytes
) -> None:
    answer = await web.get(path)
    assert (answer.status_code, answer.content) == (200, body)
    assert answer.headers["content-type"] == media_type
    fresh = "public, max-age=60, stale-while-revalidate=300, stale-if-error=86400"
    assert answer.headers["cache-control"] == fresh


@pytest.mark.parametrize(("name", "status", "body"), [("killed", 410, GONE), ("held", 404, HELD)])
async def test_a_withdrawn_page_has_its_status_and_is_kept_nowhere(
    web: httpx.AsyncClient, name: str, status: int, body: bytes
) -> None:
    answer = await web.get(f"/news/20261123/{name}", headers={"if-none-match": "*"})
    assert (answer.status_code, answer.content) == (status, body)
    assert answer.headers["cache-control"] == "no-store"
    assert "etag" not in answer.headers


async def test_a_killed_page_is_gone_even_when_its_old_file_is_still_there(
    web: httpx.AsyncClient, root: Path
) -> None:
    (root / f"{PATH[1:]}.410.html").write_bytes(GONE)
    answer = await web.get(PATH, headers={"accept-encoding": "br"})
    assert (answer.status_code, answer.content) == (410, GONE)


@pytest.mark.parametrize(
    "path",
    [
        "/none", "/news/", f"{PATH}/", f"{PATH}.html", f"{PATH}.410.html", "/index.html",
        "/index.html.gz", "/.locks/00", "/media/notes.html", "/media/", "/feed.txt",
        "/section/%E7%94%9F%E6%B4%BB/none.xml", "/%2e%2e/%2e%2e/etc/passwd", "//etc/passwd",
        "/%0A",
        "/feed.xml%0A",
        "/a%00b", "/a%0Ab", "/%ff%fe", "/a%5C..%5Cb", "/" + "a" * 5_000, "/" + "x/" * 3_000,
        "/%F0%9F%98%80", "/news/..%2f..%2fetc", "/con", "/~root", "/%",
    ],
)  # fmt: skip
async def test_every_other_path_is_simply_not_found(web: httpx.AsyncClient, path: str) -> None:
    answer = await web.get(path)
    assert (answer.status_code, answer.content) == (404, MISSING)
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-security-policy"] == POLICY


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(path=st.text(max_size=400), raw=st.binary(max_size=40))
async def test_no_request_path_makes_it_fail(root: Path, path: str, raw: bytes) -> None:
    for wild in ("/" + path, "/" + raw.decode("utf-8", "surrogateescape")):
        status = await status_of(app_of(root), wild)
        assert status in {200, 301, 404}


async def status_of(app: Starlette, path: str) -> int:
    """Ask without a client, which would mend or refuse the path."""
    statuses: list[int] = []

    async def receive() -> dict[str, str]:
        return {"type": "http.request"}

    async def send(message: object) -> None:
        assert isinstance(message, dict)
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": []}
    await app(scope, receive, send)
    return statuses[0]


async def test_a_list_without_its_slash_leads_to_the_list(web: httpx.AsyncClient) -> None:
    answer = await web.get("/section/生活")
    assert answer.status_code == 301
    assert answer.headers["location"] == f"/section/{quote('生活')}/"
    assert (await web.get("//section/生活")).status_code == 404


@pytest.mark.parametrize(
    ("wish", "coding"),
    [
        ("br, gzip", "br"), ("gzip", "gzip"), ("gzip;q=1.0, br;q=0.5", "gzip"), ("*", "br"),
        ("br;q=0, *;q=0.1", "gzip"), ("identity", None), ("", None), ("br;q=0,gzip;q=0", None),
        ("identity;q=1, gzip;q=0.5", None), ("GZIP ; Q=0.8", "gzip"), ("br;q=high, gzip", "gzip"),
        ("zstd, deflate", None),
    ],
)  # fmt: skip
async def test_the_client_chooses_the_coding(
    web: httpx.AsyncClient, wish: str, coding: str | None
) -> None:
    async with web.stream("GET", PATH, headers={"accept-encoding": wish}) as answer:
        raw = b"".join([part async for part in answer.aiter_raw()])
    assert answer.headers.get("content-encoding") == coding
    assert answer.headers["vary"] == "Accept-Encoding"
    unpack = {"br": brotli.decompress, "gzip": gzip.decompress, None: bytes}[coding]
    assert unpack(raw) == PAGE


async def test_a_feed_asked_for_in_brotli_comes_in_gzip(web: httpx.AsyncClient) -> None:
    answer = await web.get("/feed.xml", headers={"accept-encoding": "br, gzip;q=0.9"})
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.content == FEED


async def test_each_coding_has_its_own_strong_etag(web: httpx.AsyncClient) -> None:
    wishes = ("identity", "gzip", "br")
    answers = [await web.get(PATH, headers={"accept-encoding": wish}) for wish in wishes]
    etags = {answer.headers["etag"] for answer in answers}
    assert len(etags) == 3
    assert all(etag.startswith('"') for etag in etags)


@pytest.mark.parametrize("prefix", ["", "W/", '"other", '])
async def test_bytes_the_client_has_are_not_sent_again(web: httpx.AsyncClient, prefix: str) -> None:
    first = await web.get(PATH)
    again = await web.get(PATH, headers={"if-none-match": prefix + first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    for name in ("etag", "cache-control", "vary"):
        assert again.headers[name] == first.headers[name]


async def test_a_date_counts_only_without_an_etag(web: httpx.AsyncClient) -> None:
    modified = (await web.get(PATH)).headers["last-modified"]
    same = {"if-modified-since": modified}
    assert (await web.get(PATH, headers=same)).status_code == 304
    assert (await web.get(PATH, headers={**same, "if-none-match": '"old"'})).status_code == 200
    for date in ("Mon, 01 Jan 2001 00:00:00 GMT", "yesterday", "Mon, 01 Jan 2001 00:00:00"):
        answer = await web.get(PATH, headers={"if-modified-since": date})
        assert answer.status_code == 200


def test_no_date_is_given_out_before_its_second_is_over() -> None:
    assert last_modified(1000.25, 1000.9) == ""
    assert last_modified(1000.25, 1001.0) == "Thu, 01 Jan 1970 00:16:40 GMT"


async def test_head_tells_what_get_would_send(web: httpx.AsyncClient) -> None:
    for path in (PATH, "/feed.xml", "/none", "/news/20261123/killed"):
        head, get = await web.head(path), await web.get(path)
        assert head.content == b""
        assert head.status_code == get.status_code
        assert dict(head.headers) == dict(get.headers)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "BREW"])
async def test_other_methods_are_refused(web: httpx.AsyncClient, method: str) -> None:
    answer = await web.request(method, PATH)
    assert answer.status_code == 405
    assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD"}


async def test_every_answer_carries_the_security_headers(web: httpx.AsyncClient) -> None:
    for path in (PATH, "/none", "/section/生活", "/news/20261123/killed", "/a%0Ab"):
        headers = (await web.get(path)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "strict-origin-when-cross-origin"
        assert headers["content-security-policy"] == POLICY


async def test_it_can_be_mounted_beside_other_routes(root: Path) -> None:
    outer = Starlette(routes=[Mount("/paper", app_of(root)), Mount("/", app_of(root))])
    transport = httpx.ASGITransport(outer)
    async with httpx.AsyncClient(transport=transport, base_url="http://site.test") as client:
        assert (await client.get(PATH)).content == PAGE
        assert (await client.get("/paper" + PATH)).content == PAGE
        assert (await client.get("/none")).content == MISSING


@given(st.text(max_size=100))
def test_any_wish_gives_codings_we_have(wish: str) -> None:
    assert set(codings(wish)) <= {"br", "gzip"}
