"""A child process that ends when its parent ends, even if the parent was killed with SIGKILL.

Linux sends the child a SIGTERM (prctl(2), PR_SET_PDEATHSIG). Elsewhere the command runs as it is,
and whoever starts it next has to deal with one left over.
"""

import os
import sys
from collections.abc import Sequence

# A process between fork and exec must not run much Python if the parent has threads. So the wish is
# made by a small program in between, which then becomes the command; the wish outlives the exec.
# The parent may be gone before the wish is made: then nothing is started at all.
_WISH = """
import ctypes, os, sys
ctypes.CDLL(None).prctl(1, 15)
if os.getppid() == int(sys.argv[1]):
    os.execv(sys.argv[2], sys.argv[2:])
"""


def tethered(command: Sequence[str]) -> list[str]:
    """The command that starts `command` (its program as a full path) tied to this process.

    The tie is to the thread that starts it: start it from the main thread, or from one that lives
    as long as the child is wanted.
    """
    if sys.platform != "linux":
        return list(command)
    return [sys.executable, "-I", "-S", "-c", _WISH, str(os.getpid()), *command]
