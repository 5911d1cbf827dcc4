"""RULE: which publish process carries for which destination.

By highest random weight: when a process joins or leaves, only its own share moves.
https://en.wikipedia.org/wiki/Rendezvous_hashing
"""

from collections.abc import Collection
from hashlib import blake2b


def carrier_of(destination: str, carriers: Collection[str]) -> str:
    """The one of `carriers`, at least one, that carries the news of a destination."""
    return max(carriers, key=lambda name: blake2b(f"{name}\0{destination}".encode()).digest())
