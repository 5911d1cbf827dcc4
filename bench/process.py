"""What a process has used so far, as Linux counts it: proc(5), `stat` and `status`."""

import os
from pathlib import Path

USER, SYSTEM = 11, 12
"""Places of the two times behind the name of the program, in clock ticks."""


def cpu_seconds(pid: int) -> float:
    """User and system time together. Raises OSError when there is no such process."""
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(words[USER]) + int(words[SYSTEM])) / os.sysconf("SC_CLK_TCK")


def resident_mb(pid: int) -> float:
    """Memory that it holds now, in MB of 1,048,576 bytes."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    [kilobytes] = [line.split()[1] for line in lines if line.startswith("VmRSS:")]
    return int(kilobytes) / 1024
