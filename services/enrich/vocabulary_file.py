"""The editors' vocabulary as a file: read at the start, and again whenever it changes."""

import asyncio
from pathlib import Path

import structlog

from services.enrich.corpus import Corpus
from services.enrich.vocabulary import EMPTY, Vocabulary
from shared.errors import Misconfigured
from shared.logs import Happened

LOOK_SECONDS = 2.0
log = structlog.get_logger()


class VocabularyFile:
    """Keeps the vocabulary of a corpus equal to a file. An empty path means there is none."""

    def __init__(self, path: str, corpus: Corpus) -> None:
        self._path = Path(path) if path else None
        self._corpus = corpus
        self._seen: tuple[int, int] | None = None

    def load(self) -> None:
        """Read the file if it changed. Raises Misconfigured when it cannot be understood."""
        if self._path is None:
            return
        try:
            stat = self._path.stat()
            seen = stat.st_mtime_ns, stat.st_size
            if seen == self._seen:
                return
            self._seen = seen
            text = self._path.read_text("utf-8")
        except OSError as error:
            raise Misconfigured(f"{self._path}: cannot be read: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise Misconfigured(f"{self._path}: not UTF-8: {error.reason}") from None
        self._corpus.vocabulary = Vocabulary.parse(text, str(self._path)) if text else EMPTY
        log.info(Happened.VOCABULARY_LOADED, terms=len(self._corpus.vocabulary.term))

    async def follow(self) -> None:
        """Look for changes until cancelled. A file that is wrong is told of; the last one stays."""
        told = ""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                self.load()
                told = ""
            except Misconfigured as error:
                if str(error) != told:
                    told = str(error)
                    log.warning(Happened.VOCABULARY_REFUSED, reason=told)
