"""Counting the words that an embedding is trained on."""

from collections import Counter
from collections.abc import Iterable
from hashlib import blake2b
from typing import Any, Literal

import numpy
import srsly
from spacy.tokens import Doc
from spacy.vocab import Vocab
from thinc.api import deserialize_attr, serialize_attr

from ..edits.original import ATTRS, is_edited, read_original, restore
from ..edits.strings import share_strings
from ..types import Array
from .ids import merge, sort
from .tally import Tally

# What stands before the first word of a text, and behind the last.
EDGE = 0

# What is counted: words by their NORM, forms of words by their ORTH, those of them to which the
# tokenizer gives another NORM than the vocab does, as it does to "ca" in "can't", and by the NORM
# of the word before or after them those that begin with a capital and those that don't.
NEXT = ("capitals_after", "smalls_after", "capitals_before", "smalls_before")
KINDS = ("words", "forms", "renamed", *NEXT)

# What an embedding is trained on: documents as they are, copies that pretraining masked, or copies
# of documents whose words were counted before. Only the first are counted.
Trained = Literal["raw", "masked", "counted"]

# From which share of copies on a batch repeats itself, as one of commands does, but none of prose.
REPETITIVE = 0.25


class Met:
    """Documents that were met before, known by their tokens."""

    def __init__(self) -> None:
        """Know none."""
        self._digests: set[bytes] = set()

    def add(self, doc: Doc) -> bool:
        """Meet a document, and tell whether it is the first time.

        doc (Doc): The document, of which that counts which it was made from.
        RETURNS (bool): Whether none of the same tokens was met before.
        """
        digest = _digest(doc)
        is_new = digest not in self._digests
        self._digests.add(digest)
        return is_new


class Words:
    """The words that an embedding knows, and how often it was trained on them.

    They are counted as the embedding is trained. So it makes no difference who trains
    it and how, and nobody has to go through the texts before. A document counts once,
    however often training comes back to it. But words of repeated ones are known where
    batches repeat themselves.

    known (Ints1d): The NORMs that were seen `min_count` times, in ascending order.
    seen (Ints1d): The ORTHs that were seen, and those of an earlier training, in
        ascending order.
    texts (Dict[int, str]): How the ORTHs that were seen are spelt.
    trained (str): What the embedding is trained on: "raw", "masked" or "counted".
    """

    def __init__(self, min_count: int) -> None:
        """Know no words.

        min_count (int): How often a word is seen before it is known.
        """
        self.min_count = min_count
        self.tallies = {kind: Tally() for kind in KINDS}
        self.known: Array = sort([])
        self.seen: Array = sort([])
        self.texts: dict[int, str] = {}
        self._other_norms: dict[int, int] = {}
        self.version = 0
        self.trained: Trained = "raw"
        self._documents = Met()

    def __bool__(self) -> bool:
        """Tell whether any word was counted."""
        return bool(self.tallies["words"].counts)

    def count(self, docs: Iterable[Doc]) -> None:
        """Count the words of documents that were not counted yet.

        docs (Iterable[Doc]): Documents that an embedding is trained on. Where they are of several
            vocabs, that of the first new one learns the strings of the others. Of edited ones
            those are counted that they were made from.
        """
        new = [restore(doc) for doc in docs if len(doc) and self._documents.add(doc)]
        if not new:
            return
        share_strings(new)
        words, counts = self.tallies["words"], self.tallies["words"].counts
        tokens = numpy.concatenate([doc.to_array(ATTRS) for doc in new])
        norms = words.add(tokens[:, 1])
        self.known = merge(self.known, sort(w for w in norms if counts[w] >= self.min_count))
        forms = self.tallies["forms"].add(tokens[:, 0])
        self.seen = merge(self.seen, sort(forms))
        vocab = new[0].vocab
        strings = vocab.strings
        self.texts.update((form, strings[form]) for form in forms if form not in self.texts)
        self._count_renamed(tokens, vocab)
        self._count_cases([doc for doc in new if not doc.text.isupper()])
        self.version += 1

    def know_repeated(self, docs: list[Doc]) -> None:
        """Know the words of the documents that a batch repeats, where it has many of those.

        No epoch comes to a document twice, so that each is one of its own, and its words are to be
        told apart.

        docs (List[Doc]): Documents that were counted. Edited ones don't count as repeating what they
            were made from.
        """
        whole = [doc for doc in docs if len(doc) and not is_edited(doc)]
        digests = list(map(_digest, whole))
        different, times = dict(zip(digests, whole, strict=True)), Counter(digests)
        if len(whole) - len(different) <= REPETITIVE * len(whole):
            return
        repeated = [doc for digest, doc in different.items() if times[digest] >= self.min_count]
        counts = self.tallies["words"].counts
        norms = {norm for doc in repeated for norm in doc.to_array("NORM").tolist()}
        if new := [norm for norm in norms if counts[norm] < self.min_count]:
            counts.update({norm: self.min_count - counts[norm] for norm in new})
            self.known = merge(self.known, sort(new))
            self.version += 1

    @property
    def norms(self) -> dict[int, int]:
        """The NORMs of the forms that the tokenizer mostly gives another one than the vocab."""
        renamed, forms = self.tallies["renamed"].counts, self.tallies["forms"].counts
        mostly = [form for form, count in renamed.items() if 2 * count > forms[form]]
        return {form: self._other_norms[form] for form in mostly}

    def look_up(self, words: Array) -> Array:
        """Look up how often words were seen.

        words (Ints1d): Their NORMs.
        RETURNS (Ints1d): The counts.
        """
        ids, places = numpy.unique(words, return_inverse=True)
        counts = self.tallies["words"].counts
        return numpy.asarray([counts[word] for word in ids.tolist()], dtype="int64")[places]

    def take_for_known(self, words: Iterable[int]) -> None:
        """Know words of an earlier training, of which nobody knows how frequent they were.

        words (Iterable[int]): Their NORMs, or their ORTHs.
        """
        counts = self.tallies["words"].counts
        for word in words:
            counts[word] = max(counts[word], self.min_count)
        self.known = self._list_known()
        self.seen = merge(self.seen, self.known)
        self.version += 1

    def to_bytes(self) -> bytes:
        """Serialize the words, without what tells which documents were counted."""
        tallies = {kind: tally.to_message() for kind, tally in self.tallies.items()}
        texts = list(self.texts.items())
        norms = list(self._other_norms.items())
        message = {"tallies": tallies, "seen": self.seen, "texts": texts, "norms": norms}
        return srsly.msgpack_dumps(message)

    def from_bytes(self, data: bytes) -> "Words":
        """Load words in place of those that are known. Settings stay as they are."""
        message: dict[str, Any] = srsly.msgpack_loads(data)
        words = Words(self.min_count)
        words.trained = self.trained
        loaded = {kind: Tally.from_message(each) for kind, each in message["tallies"].items()}
        words.tallies.update(loaded)
        words.known = words._list_known()
        words.seen = message["seen"]
        words.texts = dict(message["texts"])
        words._other_norms = dict(message.get("norms", ()))
        return words

    def _list_known(self) -> Array:
        """List the words that were seen often enough to be known."""
        counts = self.tallies["words"].counts.items()
        return sort(word for word, count in counts if count >= self.min_count)

    def _count_renamed(self, tokens: Array, vocab: Vocab) -> None:
        """Count the forms to which the tokenizer gives another NORM than the vocab does."""
        forms, places = numpy.unique(tokens[:, 0], return_inverse=True)
        usual: Array = numpy.asarray([vocab[form].norm for form in forms.tolist()], dtype="uint64")
        renamed = tokens[tokens[:, 1] != usual[places]]
        self.tallies["renamed"].add(renamed[:, 0])
        self._other_norms.update(renamed.tolist())

    def _count_cases(self, docs: list[Doc]) -> None:
        """Count next to which words there are capitals."""
        if not docs:
            return
        padded = [numpy.pad(doc.to_array("NORM"), 1, constant_values=EDGE) for doc in docs]
        before = numpy.concatenate([norms[:-2] for norms in padded])
        after = numpy.concatenate([norms[2:] for norms in padded])
        orths = numpy.concatenate([doc.to_array("ORTH") for doc in docs])
        forms, places = numpy.unique(orths, return_inverse=True)
        cases = numpy.array([find_case(self.texts[form]) for form in forms.tolist()])[places]
        self.tallies["capitals_after"].add(before[cases > 0])
        self.tallies["smalls_after"].add(before[cases < 0])
        self.tallies["capitals_before"].add(after[cases > 0])
        self.tallies["smalls_before"].add(after[cases < 0])


def _digest(doc: Doc) -> bytes:
    """Digest the tokens of a document, or of that which it was made from."""
    orths = read_original(doc)[:, 0]
    return blake2b(orths.tobytes(), digest_size=8).digest()


def find_case(word: str) -> int:
    """Tell whether a word has a capital at most where names have one.

    word (str): The word.
    RETURNS (int): 1 for a word that is capitalized, or in capitals, -1 for one in small
        letters, 0 for any other.
    """
    if word.islower():
        return -1
    return int(word.istitle() or word.isupper())


@serialize_attr.register(Words)
def _serialize(default: Words, value: Words, name: str, model: Any) -> bytes:
    return value.to_bytes()


@deserialize_attr.register(Words)
def _deserialize(default: Words, value: bytes, name: str, model: Any) -> Words:
    return default.from_bytes(value)
