"""A name for this process, by which others on the same machine can be sure that it has ended.

    <pid>.<start>.<pid namespace>.<boot>    start in clock ticks after the boot, as in proc(5)

Processes that do not share a kernel or a pid namespace know nothing of each other, nor does a
system without /proc: there nobody is ever sure.
"""

import os
from functools import cache
from pathlib import Path

PROC = Path("/proc")
START = 21
"""Of the fields of /proc/[pid]/stat, the 22nd, counted from 0."""


def process_name() -> str:
    """The name of this process, or "" where there is none to be had."""
    pid, here = os.getpid(), _here()
    start = _start_of(pid)
    return f"{pid}.{start}.{here}" if start and here else ""


def has_surely_ended(name: str) -> bool:
    """Whether the process of that name is no more. False also when we cannot know."""
    pid, _, rest = name.partition(".")
    start, _, there = rest.partition(".")
    if not pid.isdecimal() or not there or there != _here():
        return False
    return _start_of(int(pid)) != start


def _start_of(pid: int) -> str:
    """When the process was started; "" when there is none, or it is a zombie."""
    try:
        stat = (PROC / str(pid) / "stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""
    # The second field is the command in brackets, and can hold spaces and brackets itself.
    state, *rest = stat.rpartition(")")[2].split()
    return "" if state in ("Z", "X") else rest[START - 3]


@cache
def _here() -> str:
    """The pid namespace and the boot, within which a pid and its start mean one process."""
    try:
        boot = (PROC / "sys/kernel/random/boot_id").read_text().strip()
        namespace = (PROC / "self/ns/pid").readlink()
    except OSError:
        return ""
    return f"{namespace}.{boot}"
