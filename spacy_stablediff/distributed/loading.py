"""A pipeline that is loaded anew from time to time, so that memory stays flat."""

import gc
import time

from spacy.language import Language
from spacy.util import import_file, load_model

# A memory zone takes words out of spaCy's tables, but the tables keep the room for them, and double
# whenever it is full. After so many words, a new pipeline has new tables.
RENEW_WORDS = 250_000

# How much of the time that may take at most.
RENEW_SHARE = 0.01


class Loaded:
    """A pipeline of a worker. It must not be kept: `nlp` is another one after a while."""

    def __init__(self, model: str, code: str | None = None) -> None:
        """Load the pipeline.

        model (str): Its name or path.
        code (Optional[str]): A file of Python to be imported before.
        """
        self._model, self._code = model, code
        self._load()

    def count(self, words: int) -> None:
        """Count words that were processed, outside of a memory zone, and load anew if it is time.

        words (int): Their number.
        """
        self._words += words
        if self._words < RENEW_WORDS or self._seconds > RENEW_SHARE * self._find_age():
            return
        # The old one goes first: two may be too large for the memory.
        del self.nlp
        gc.collect()
        self._load()

    def _load(self) -> None:
        start = time.perf_counter()
        self.nlp: Language = load(self._model, self._code)
        self._words, self._begun = 0, time.perf_counter()
        self._seconds = self._begun - start

    def _find_age(self) -> float:
        """How many seconds ago the pipeline was loaded."""
        return time.perf_counter() - self._begun


def load(model: str, code: str | None = None) -> Language:
    """Load a pipeline.

    model (str): Its name or path.
    code (Optional[str]): A file of Python to be imported before.
    RETURNS (Language): The pipeline.
    """
    if code is not None:
        import_file("python_code", code)
    return load_model(model)
