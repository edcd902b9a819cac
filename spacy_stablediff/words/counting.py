"""Counting the words that an embedding is trained on."""

from collections import Counter
from collections.abc import Iterable
from hashlib import blake2b
from typing import Any

import numpy
import srsly
from spacy.tokens import Doc
from spacy.vocab import Vocab
from thinc.api import deserialize_attr, serialize_attr

from ..types import Array
from .ids import merge, sort
from .spelling import index_spellings


class Words:
    """The words that an embedding knows, and how often it was trained on them.

    They are counted as the embedding is trained. So it makes no difference who trains
    it and how, and nobody has to go through the texts before. A document counts once,
    however often training comes back to it. After a training that followed another one,
    the larger of the two counts stands.

    counts (Counter[int]): How often each NORM was seen.
    known (Ints1d): The NORMs that were seen `min_count` times, in ascending order.
    forms (Ints1d): The ORTHs that were seen, and the known NORMs, in ascending order.
    texts (Dict[int, str]): How the known NORMs are spelt, as far as they were seen.
    """

    def __init__(self, min_count: int, typo_count: int | None) -> None:
        """Know no words.

        min_count (int): How often a word is seen before it is known.
        typo_count (Optional[int]): How often it is seen before others may be typos of
            it; None: none is.
        """
        self.min_count = min_count
        self.typo_count = typo_count
        self.counts: Counter[int] = Counter()
        self.known: Array = sort([])
        self.forms: Array = sort([])
        self.texts: dict[int, str] = {}
        self._training: Counter[int] = Counter()
        self._documents: set[bytes] = set()
        self._spellings: dict[str, Any] | None = None

    def __bool__(self) -> bool:
        """Tell whether any word was counted."""
        return bool(self.counts)

    @property
    def spellings(self) -> dict[str, Any]:
        """The index, for `correct`, of the words that others may be typos of."""
        if self._spellings is None:
            frequent = self.counts.most_common() if self.typo_count is not None else []
            least = max(self.min_count, self.typo_count or 0)
            self._spellings = index_spellings(
                self.texts[word] for word, n in frequent if n >= least and word in self.texts
            )
        return self._spellings

    def count(self, docs: Iterable[Doc]) -> None:
        """Count the words of documents that were not counted yet.

        docs (Iterable[Doc]): Documents that an embedding is trained on, of one vocab.
        """
        new = [doc for doc in docs if len(doc) and self._is_new(doc)]
        if not new:
            return
        words, times = numpy.unique(_concatenate(new, "NORM"), return_counts=True)
        self._training.update(dict(zip(words.tolist(), times.tolist(), strict=True)))
        for word in words.tolist():
            self.counts[word] = max(self.counts[word], self._training[word])
        self.forms = merge(self.forms, numpy.unique(_concatenate(new, "ORTH")))
        self._learn(words.tolist(), new[0].vocab)
        self._spellings = None

    def take_for_known(self, words: Iterable[int]) -> None:
        """Know words of an earlier training, of which nobody knows how frequent they were.

        words (Iterable[int]): Their NORMs.
        """
        for word in words:
            self.counts[word] = max(self.counts[word], self.min_count)
        self.known = sort(self.counts)
        self.forms = merge(self.forms, self.known)

    def to_bytes(self) -> bytes:
        """Serialize the words, without what tells which documents were counted."""
        norms = numpy.fromiter(self.counts, dtype="uint64")
        counts = numpy.fromiter(self.counts.values(), dtype="uint32")
        message = {"norms": norms, "counts": counts, "forms": self.forms}
        return srsly.msgpack_dumps({**message, "texts": list(self.texts.items())})

    def from_bytes(self, data: bytes) -> "Words":
        """Load words in place of those that are known. Settings stay as they are."""
        message: dict[str, Any] = srsly.msgpack_loads(data)
        words = Words(self.min_count, self.typo_count)
        pairs = zip(message["norms"].tolist(), message["counts"].tolist(), strict=True)
        words.counts = Counter(dict(pairs))
        words.known = sort(w for w, count in words.counts.items() if count >= self.min_count)
        words.forms = message["forms"]
        words.texts = dict(message["texts"])
        return words

    def _is_new(self, doc: Doc) -> bool:
        """Tell whether a document was not counted yet, and count it from now on."""
        digest = blake2b(doc.to_array("ORTH").tobytes(), digest_size=8).digest()
        is_new = digest not in self._documents
        self._documents.add(digest)
        return is_new

    def _learn(self, words: list[int], vocab: Vocab) -> None:
        """Know those of some words that were seen often enough by now."""
        known = sort(word for word in words if self.counts[word] >= self.min_count)
        self.known, self.forms = merge(self.known, known), merge(self.forms, known)
        self.texts.update((word, vocab.strings[word]) for word in known.tolist())


@serialize_attr.register(Words)
def _serialize(default: Words, value: Words, name: str, model: Any) -> bytes:
    return value.to_bytes()


@deserialize_attr.register(Words)
def _deserialize(default: Words, value: bytes, name: str, model: Any) -> Words:
    return default.from_bytes(value)


def _concatenate(docs: list[Doc], attr: str) -> Array:
    return numpy.concatenate([doc.to_array(attr) for doc in docs])
