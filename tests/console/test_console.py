"""The console as an operator's browser uses it: the door, and the page of previews."""

import html
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from redis import Redis

from services.console.door import COOKIE
from services.console.sessions import MOST_TRIES
from shared.embedded import remembered_url
from tests.installation import Installation, installation, until

STORY: Mapping[str, Any] = {
    "uri": "urn:example:night-market",
    "headline": "瀾港夜市下月起延長營業",
    "section": "生活",
    "description": "夜市每週五、六延長營業到凌晨兩點，並加開接駁公車。",
    "tags": ["瀾港夜市"],
    "body_text": "瀾港市府今天宣布，夜市延長營業。",
}


@dataclass
class Browser:
    """Does by hand what browsers do: cookies of `__Host-` over loopback, and Origin."""

    address: str
    cookie: str = ""
    language: str = "en"

    def get(self, path: str) -> httpx.Response:
        return httpx.get(self.address + path, headers=self._headers(), timeout=20)

    def post(self, path: str, fields: Mapping[str, str], **headers: str) -> httpx.Response:
        own = self._headers() | {"origin": self.address} | headers
        answer = httpx.post(self.address + path, data=fields, headers=own, timeout=20)
        if found := re.match(rf"{COOKIE}=([^;]*)", answer.headers.get("set-cookie", "")):
            self.cookie = found[1].strip('"')
        return answer

    def sign_in(self, key: str) -> httpx.Response:
        return self.post("/sign-in", {"key": key})

    @property
    def form(self) -> str:
        """The token of the forms on a page that it was sent."""
        [found, *_] = re.findall(r'name="form" value="([^"]+)"', self.get("/preview").text)
        return str(found)

    def paste(self, story: str, **headers: str) -> httpx.Response:
        return self.post("/preview", {"form": self.form, "story": story}, **headers)

    def _headers(self) -> dict[str, str]:
        known = {"cookie": f"{COOKIE}={self.cookie}"} if self.cookie else {}
        return {"accept-language": self.language, **known}


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    folder = tmp_path_factory.mktemp("console")
    with installation(folder / "state", WIREDESK_HTTP__ALLOW_NETWORKS="127.0.0.0/8") as running:
        running.run("send", "-", stdin=json.dumps(STORY))
        until(lambda: running.page_of(STORY["uri"]))
        yield running


@pytest.fixture
def night(here: Installation) -> Iterator[None]:
    """A destination, as long as a test lasts."""
    url = "url=http://127.0.0.1:9/secret"
    here.run("destinations", "add", "night", "--channel", "webhook", "--set", url)
    yield
    here.run("destinations", "remove", "night")


@pytest.fixture
def browser(here: Installation) -> Browser:
    """One that has not signed in, nor tried to."""
    with Redis.from_url(remembered_url(here.state / "redis") or "") as redis:
        for key in redis.scan_iter("wiredesk:console:tries:*"):
            redis.delete(key)
    return Browser(here.addresses["console"])


@pytest.fixture
def operator(here: Installation, browser: Browser) -> Browser:
    assert browser.sign_in(here.key).status_code == 303
    return browser


def texts(page: str) -> list[str]:
    """What each destination would show."""
    shown = re.findall(r'<p class="text">(.*?)</p>', page, re.DOTALL)
    return [html.unescape(one).strip() for one in shown]


def lengths(page: str) -> list[str]:
    return re.findall(r'<span class="length">(.*?)</span>', page)


def test_nobody_sees_a_page_without_a_session(browser: Browser) -> None:
    for path in ("/", "/preview", "/preview?uri=urn:example:night-market"):
        answer = browser.get(path)
        assert (answer.status_code, answer.text) == (303, "")
    assert browser.get("/preview").headers["location"] == "/sign-in"
    assert browser.post("/preview", {"story": "{}"}).headers["location"] == "/sign-in"
    browser.cookie = "made-up"
    assert browser.get("/preview").status_code == 303


def test_an_operator_signs_in_with_a_cookie_that_no_script_and_no_other_site_can_use(
    here: Installation, browser: Browser
) -> None:
    answer = browser.sign_in(here.key)
    assert (answer.status_code, answer.headers["location"]) == (303, "/preview")
    said = {part.strip().lower() for part in answer.headers["set-cookie"].split(";")[1:]}
    assert {"secure", "httponly", "samesite=strict", "path=/"} <= said
    assert COOKIE.startswith("__Host-")
    page = browser.get("/preview")
    assert page.status_code == 200
    assert "script" not in page.text.lower()
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "unsafe" not in page.headers["content-security-policy"]
    assert page.headers["cache-control"] == "no-store"


def test_a_wrong_key_and_one_that_may_not_operate_stay_outside(
    here: Installation, browser: Browser
) -> None:
    made = here.run("keys", "create", "cms").stdout.strip()
    for key in ("", "wd_wrong", made):
        answer = browser.sign_in(key)
        assert (answer.status_code, "no key of an operator" in answer.text) == (403, True)
        assert "set-cookie" not in answer.headers
    assert made not in here.log


def test_after_five_tries_in_a_minute_even_the_right_key_waits(
    here: Installation, browser: Browser
) -> None:
    for _ in range(MOST_TRIES):
        assert browser.sign_in("wd_wrong").status_code == 403
    answer = browser.sign_in(here.key)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "60")


@pytest.mark.parametrize("path", ["/sign-in", "/sign-out", "/preview"])
@pytest.mark.parametrize(
    "headers",
    [
        {"origin": ""},
        {"origin": "null"},
        {"origin": "http://evil.example"},
        {"origin": "http://["},
        {"sec-fetch-site": "cross-site"},
    ],
)
def test_what_another_site_sends_is_refused(
    here: Installation, operator: Browser, path: str, headers: dict[str, str]
) -> None:
    fields = {"key": here.key, "form": operator.form, "story": json.dumps(STORY)}
    assert operator.post(path, fields, **headers).status_code == 403
    assert operator.get("/preview").status_code == 200


def test_a_form_of_nobody_is_refused(operator: Browser) -> None:
    for form in ({}, {"form": ""}, {"form": "x" * 22}):
        assert operator.post("/preview", {**form, "story": "{}"}).status_code == 403


def test_a_session_ends_when_one_signs_out_and_when_its_key_is_revoked(
    here: Installation, operator: Browser
) -> None:
    old = operator.cookie
    assert operator.post("/sign-out", {"form": operator.form}).headers["location"] == "/sign-in"
    operator.cookie = old
    assert operator.get("/preview").status_code == 303

    key = here.run("keys", "create", "night-desk", "--scope", "operate").stdout.strip()
    operator.cookie = ""
    operator.sign_in(key)
    assert "night-desk" in operator.get("/preview").text
    here.run("keys", "revoke", "night-desk")
    assert operator.get("/preview").status_code == 303


@pytest.mark.usefixtures("night")
def test_it_shows_of_a_story_on_the_desk_what_the_command_prints(
    here: Installation, operator: Browser
) -> None:
    told = here.told("preview", STORY["uri"])
    page = operator.get(f"/preview?uri={STORY['uri']}").text
    assert texts(page) == [one["text"] for one in told["destinations"]]
    assert lengths(page) == [one["length"] for one in told["destinations"]]
    assert told["article"]["url"] in page
    assert ">night<" in page
    assert "whsec_" not in page
    unknown = operator.get("/preview?uri=urn:nobody")
    assert (unknown.status_code, "urn:nobody" in unknown.text) == (422, True)


def test_it_shows_of_a_pasted_story_what_the_command_prints_of_the_file(
    here: Installation, operator: Browser, tmp_path: Path
) -> None:
    file = tmp_path / "story.json"
    file.write_text(
        json.dumps({**STORY, "version": 2, "headline": "夜市延長營業改為十月"}), "utf-8"
    )
    told = here.told("preview", str(file))
    answer = operator.paste(file.read_text())
    assert answer.status_code == 200
    assert lengths(answer.text) == [one["length"] for one in told["destinations"]]
    assert "夜市延長營業改為十月" in answer.text
    assert "found without the archive" in answer.text
    late = operator.paste(json.dumps({**STORY, "headline": "太晚了"}))
    assert "version 1 stands there already" in late.text


def test_every_platform_is_shown_where_there_are_no_destinations(operator: Browser) -> None:
    operator.language = "zh-TW"
    page = operator.paste(json.dumps({**STORY, "uri": "urn:new", "headline": "長" * 400})).text
    assert len(texts(page)) == 10
    assert '<meter min="0" max="300"' in page
    assert "標題被截短" in page
    assert 'lang="zh-Hant"' in page


def test_a_bad_story_is_told_field_by_field_and_hostile_words_stay_words(
    operator: Browser,
) -> None:
    bad = operator.paste(json.dumps({**STORY, "headline": "", "version": "x"}))
    assert bad.status_code == 422
    assert "<code>version</code>" in bad.text
    for story in ("", "{", "[]", "\0", "<" * 1000, "{" * 100_000):
        assert operator.paste(story).status_code == 422, story[:9]
    hostile = {**STORY, "uri": "urn:hostile", "headline": "<script>alert(1)</script>"}
    page = operator.paste(json.dumps(hostile)).text
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert operator.get("/preview?uri=%3Cscript%3E").text.count("<script") == 0


def test_more_than_a_form_may_hold_is_refused(operator: Browser) -> None:
    assert operator.paste("長" * 300_000).status_code == 413
    fields = {"form": operator.form, **{f"f{n}": "x" for n in range(100)}}
    assert operator.post("/preview", fields).status_code == 413
