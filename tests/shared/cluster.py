"""A real Redis Cluster of three processes on loopback, for tests."""

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from random import SystemRandom

from redis import Redis
from redis.exceptions import RedisError

from shared.tether import tethered

NODES = 3
SLOTS = 16384
BUS_OFFSET = 10_000
"""A node also listens this much above its port; Redis 6.2 knows no other way."""
SECONDS_TO_START = 20.0


@contextmanager
def running_cluster(server: Path, folder: Path) -> Iterator[str]:
    """Start the nodes and join them. Yields the URL as `[redis] url` takes it."""
    with ExitStack() as stack:
        ports = [stack.enter_context(_node(server, folder / str(n))) for n in range(NODES)]
        clients = [stack.enter_context(Redis(port=port)) for port in ports]
        for number, client in enumerate(clients):
            _until_it_answers(client)
            share = range(number * SLOTS // NODES, (number + 1) * SLOTS // NODES)
            client.cluster("ADDSLOTS", *share)
            client.cluster("MEET", "127.0.0.1", ports[0])
        for client in clients:
            _until_joined(client)
        yield "redis+cluster://" + ",".join(f"127.0.0.1:{port}" for port in ports)


@contextmanager
def _node(server: Path, folder: Path) -> Iterator[int]:
    port = _free_port()
    folder.mkdir()
    options = {
        "port": port,
        "bind": "127.0.0.1",
        "dir": folder,
        "save": "",
        "cluster-enabled": "yes",
        "cluster-node-timeout": 2000,
    }
    words = [str(word) for name, value in options.items() for word in (f"--{name}", value)]
    process = subprocess.Popen(tethered([str(server), *words]), stdout=subprocess.DEVNULL)
    try:
        yield port
    finally:
        process.kill()
        process.wait()


def _free_port() -> int:
    while True:
        port = SystemRandom().randrange(15_000, 32_000)
        with socket.socket() as one, socket.socket() as other:
            try:
                one.bind(("127.0.0.1", port))
                other.bind(("127.0.0.1", port + BUS_OFFSET))
            except OSError:
                continue
            return port


def _until_it_answers(client: Redis) -> None:
    give_up = time.monotonic() + SECONDS_TO_START
    while True:
        try:
            client.ping()
        except RedisError:
            assert time.monotonic() < give_up
            time.sleep(0.05)
        else:
            return


def _until_joined(client: Redis) -> None:
    give_up = time.monotonic() + SECONDS_TO_START
    while True:
        state = client.cluster("INFO")
        if state["cluster_state"] == "ok" and state["cluster_known_nodes"] == str(NODES):
            return
        assert time.monotonic() < give_up, state
        time.sleep(0.05)
