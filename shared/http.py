"""Outgoing HTTP: every request that wiredesk makes starts from a client made here.

`own_client` speaks to our own services only. Proxy variables of the environment are ignored: they
would carry keys to a third party.
"""

import httpx

TIMEOUT = httpx.Timeout(30.0, connect=5.0)


def own_client(base_url: str, key: str = "") -> httpx.AsyncClient:
    """A client for one of our own services. `base_url` comes from our own state or settings."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return httpx.AsyncClient(base_url=base_url, headers=headers, timeout=TIMEOUT, trust_env=False)
