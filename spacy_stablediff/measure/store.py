"""Examples kept for scoring: spaCy's scorers go through all of them several times."""

import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from io import BytesIO
from tempfile import TemporaryFile
from typing import IO
from weakref import finalize

from spacy.tokens import Doc, Span, SpanGroup, Token
from spacy.training import Example
from spacy.vocab import Vocab


class ExampleStore:
    """Examples in the order they came, to be gone through any number of times.

    The first ones are kept in memory, all others in a temporary file, so the memory
    it takes doesn't grow with their number.
    """

    def __init__(self, vocab: Vocab, in_memory: int = 1000) -> None:
        """Make an empty store.

        vocab (Vocab): The vocabulary of the examples.
        in_memory (int): Number of examples to keep in memory.
        """
        self._vocab = vocab
        self._in_memory = in_memory
        self._kept: list[Example] = []
        self._filed = 0

    @cached_property
    def _file(self) -> IO[bytes]:
        """A file that is there as long as the store, made when it is needed."""
        file = TemporaryFile()  # noqa: SIM115
        finalize(self, file.close)
        return file

    def append(self, example: Example) -> None:
        """Add an example.

        example (Example): The example, not to be modified any more.
        """
        if len(self._kept) < self._in_memory:
            self._kept.append(example)
            return
        self._write(self._file, example)
        self._filed += 1

    def to_bytes(self) -> bytes:
        """Return all examples as bytes, to be added to a store of another process."""
        file = BytesIO()
        for example in self:
            self._write(file, example)
        return file.getvalue()

    def add_bytes(self, data: bytes, count: int) -> None:
        """Add the examples of a store of another process.

        data (bytes): What `to_bytes` gave there, where the pipeline is the same.
        count (int): Their number.
        """
        self._file.write(data)
        self._filed += count

    def __len__(self) -> int:
        """Return the number of examples."""
        return len(self._kept) + self._filed

    def __iter__(self) -> Iterator[Example]:
        """Go through the examples, one pass at a time."""
        yield from self._kept
        if self._filed:
            self._file.seek(0)
        for _ in range(self._filed):
            unpickler = _Unpickler(self._file)
            unpickler.vocab = self._vocab
            predicted, reference, sentences = unpickler.load()
            reference.from_array(["SENT_START"], sentences)
            yield Example(predicted, reference)

    def _write(self, file: IO[bytes], example: Example) -> None:
        # A document of which some heads are missing loses its sentence boundaries
        # when it is serialized.
        sentences = example.reference.to_array("SENT_START")
        pickler = _Pickler(file, protocol=pickle.HIGHEST_PROTOCOL)
        with _without_views(example.predicted), _without_views(example.reference):
            pickler.dump((example.predicted, example.reference, sentences))


@contextmanager
def _without_views(doc: Doc) -> Iterator[None]:
    """Leave out for a while what components keep of a document that can't be pickled: its spans."""
    before = doc.user_data
    doc.user_data = {key: value for key, value in before.items() if not _has_view(value)}
    try:
        yield
    finally:
        doc.user_data = before


def _has_view(value: object) -> bool:
    if isinstance(value, (list, tuple, set)):
        return any(map(_has_view, value))
    return isinstance(value, (Doc, Span, SpanGroup, Token))


class _Pickler(pickle.Pickler):
    def persistent_id(self, obj: object) -> str | None:
        """Leave the vocabulary out: documents refer to one, and bring the strings that they use."""
        return "vocab" if isinstance(obj, Vocab) else None


class _Unpickler(pickle.Unpickler):
    vocab: Vocab

    def persistent_load(self, pid: str) -> Vocab:
        """Put that of the pipeline in its place."""
        return self.vocab
