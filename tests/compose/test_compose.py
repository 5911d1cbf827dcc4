"""The real docker-compose.yml: an article's life in it, scaled out, and through a Redis restart.

It builds images and needs an engine, so it runs only when asked to: `make test-containers`. Without
a Docker daemon it starts one of its own (engine.sh), for which it needs root and Debian.
"""

import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from threading import Thread
from time import monotonic, sleep
from urllib.parse import urlsplit

import httpx
import pytest

ROOT = Path(__file__).parents[2]
ENGINE = Path(__file__).parent / "engine.sh"
KEY = f"wd_{token_hex(16)}"
SECONDS_TO_LIVE = 30.0

pytestmark = [
    pytest.mark.skipif(
        os.environ.get("WIREDESK_TEST_CONTAINERS") != "1",
        reason="builds and runs containers: set WIREDESK_TEST_CONTAINERS=1",
    ),
    pytest.mark.timeout(900),
]


@dataclass(frozen=True)
class Stack:
    """The running services, as somebody with a shell beside docker-compose.yml sees them."""

    environ: Mapping[str, str]

    def compose(self, *words: str) -> str:
        """Run `docker compose`. Returns what it printed."""
        command = ["docker", "compose", "-p", "wiredesk-test", *words]
        done = subprocess.run(
            command, cwd=ROOT, env=self.environ, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"
        return done.stdout

    def client(self, service: str, port: int) -> httpx.Client:
        """A client of a published port, which is another one after each restart."""
        address = self.compose("port", service, str(port)).strip()
        return httpx.Client(base_url=f"http://{address}", trust_env=False, timeout=10)

    def post(self, article: Mapping[str, object]) -> httpx.Response:
        with self.client("ingest", 8081) as ingest:
            return ingest.post("/v1/articles", json=article, headers=authorised())

    def kill(self, uri: str) -> httpx.Response:
        with self.client("ingest", 8081) as ingest:
            return ingest.delete(
                f"/v1/articles/{uri}", params={"reason": "來源撤稿"}, headers=authorised()
            )

    def status_of(self, path: str) -> int:
        with self.client("publish", 8080) as site:
            return site.get(path).status_code

    def listed(self) -> dict[str, str]:
        """What the front page's feed lists: path of the page by headline."""
        with self.client("publish", 8080) as site:
            answer = site.get("/feed.json")
            items = answer.json()["items"] if answer.status_code == httpx.codes.OK else []
        return {item["title"]: urlsplit(item["url"]).path for item in items}


def authorised() -> dict[str, str]:
    return {"Authorization": f"Bearer {KEY}"}


def story(headline: str) -> dict[str, object]:
    return {
        "uri": f"urn:newsml:example.tw:{token_hex(8)}",
        "headline": headline,
        "language": "zh-Hant-TW",
        "section": "生活",
        "body_html": "<p>氣象署上午發布陸上颱風警報，花蓮、臺東明天停止上班上課。</p>",
    }


def wait_until(claim: Callable[[], bool], what: str) -> None:
    give_up = monotonic() + SECONDS_TO_LIVE
    while not claim():
        assert monotonic() < give_up, f"not within {SECONDS_TO_LIVE} s: {what}"
        sleep(0.2)


def post_until_taken(stack: Stack, article: Mapping[str, object]) -> None:
    """As a newsroom system does: the same event again until it is taken."""

    def is_taken() -> bool:
        try:
            return stack.post(article).status_code == httpx.codes.ACCEPTED
        except httpx.TransportError:
            return False

    wait_until(is_taken, f"{article['headline']} taken")


@pytest.fixture(scope="module")
def engine() -> Iterator[dict[str, str]]:
    """The environment in which `docker` works."""
    environ = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    docker = {name: value for name, value in os.environ.items() if name.startswith("DOCKER_")}
    if is_running(environ | docker):
        yield environ | docker
        return
    said = subprocess.run([ENGINE, "env"], capture_output=True, text=True, check=True).stdout
    docker = dict(word.split("=", 1) for word in said.split()[1:])
    was_running = is_running(environ | docker)
    subprocess.run([ENGINE, "up"], check=True)
    yield environ | docker
    if not was_running:
        subprocess.run([ENGINE, "down"], check=True)


def is_running(environ: Mapping[str, str]) -> bool:
    try:
        command = ["docker", "version"]
        return not subprocess.run(command, env=environ, capture_output=True, check=False).returncode
    except FileNotFoundError:
        return False


@pytest.fixture(scope="module")
def stack(engine: dict[str, str]) -> Iterator[Stack]:
    """All services, built from this tree and healthy, on free ports."""
    settings = {
        "WIREDESK_INGEST__KEYS": KEY,
        "WIREDESK_SITE__BASE_URL": "http://127.0.0.1:8080",
        "INGEST_PORT": "0",
        "SITE_PORT": "0",
    }
    stack = Stack(engine | settings)
    try:
        stack.compose("up", "--detach", "--build", "--wait")
        yield stack
    finally:
        stack.compose("down", "--volumes")


def test_an_article_goes_live_and_its_kill_takes_it_away(stack: Stack) -> None:
    article = story(f"颱風逼近 花東明停班停課 {token_hex(4)}")
    headline = str(article["headline"])
    answer = stack.post(article)
    assert (answer.status_code, answer.json()["outcome"]) == (202, "accepted")
    wait_until(lambda: headline in stack.listed(), "listed in the feed")
    path = stack.listed()[headline]
    assert stack.status_of(path) == 200
    assert stack.kill(str(article["uri"])).status_code == 202
    wait_until(lambda: stack.status_of(path) == 410, "page answers 410")
    wait_until(lambda: headline not in stack.listed(), "gone from the feed")


def test_three_enrichers_share_the_work(stack: Stack) -> None:
    stack.compose("up", "--detach", "--wait", "--no-recreate", "--scale", "enrich=3")
    assert len(stack.compose("ps", "--quiet", "enrich").split()) == 3
    headlines = {f"中秋連假國道車流預報 {token_hex(4)}" for _ in range(12)}
    for headline in headlines:
        assert stack.post(story(headline)).status_code == 202
    wait_until(lambda: headlines <= stack.listed().keys(), "all of them listed")


def test_a_restart_of_redis_loses_nothing(stack: Stack) -> None:
    headlines = [f"立院三讀通過預算案 {token_hex(4)}" for _ in range(12)]
    restart = Thread(target=stack.compose, args=("restart", "redis"))
    for number, headline in enumerate(headlines):
        if number == 4:
            restart.start()
        post_until_taken(stack, story(headline))
    restart.join()
    wait_until(lambda: set(headlines) <= stack.listed().keys(), "all of them listed")


def test_without_a_key_nothing_is_taken(stack: Stack) -> None:
    with stack.client("ingest", 8081) as ingest:
        assert ingest.post("/v1/articles", json=story("無名來稿")).status_code == 401


@pytest.mark.parametrize("service", ["ingest", "enrich", "publish"])
def test_a_service_runs_without_rights_on_a_read_only_image(stack: Stack, service: str) -> None:
    look = (
        "import os; from pathlib import Path\n"
        "status = Path('/proc/self/status').read_text()\n"
        "caps = next(line for line in status.splitlines() if line.startswith('CapBnd'))\n"
        "print(os.getuid(), int(caps.split()[1], 16), os.access('/opt/wiredesk', os.W_OK))"
    )
    assert stack.compose("exec", "-T", service, "python", "-c", look).split() == [
        "10001",
        "0",
        "False",
    ]
