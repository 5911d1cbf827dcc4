"""Services as real processes, to be killed."""

import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

QUICK_STREAMS = {
    "WIREDESK_STREAMS__RETRY_SECONDS": "0.2",
    "WIREDESK_STREAMS__DEAD_AFTER_SECONDS": "0.6",
}


class Process:
    """One `wiredesk NAME` with its log in a file. Started again by `start`.

    `sock` is a listening socket that it is handed each time.
    """

    def __init__(
        self,
        name: str,
        log: Path,
        environ: Mapping[str, str],
        sock: socket.socket | None = None,
    ) -> None:
        self.name = name
        self._log = log
        self._sock = sock
        self._environ = {**os.environ, **QUICK_STREAMS, **environ}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        handed = [self._sock.fileno()] if self._sock else []
        words = ["--fd", str(handed[0])] if handed else []
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "services", self.name, *words],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self._environ,
                pass_fds=handed,
            )

    def kill(self) -> None:
        """kill -9, and nothing else."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        assert self._process is not None
        self._process.terminate()
        try:
            return self._process.wait(20)
        finally:
            with suppress(ProcessLookupError):
                self._process.kill()
