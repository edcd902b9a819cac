"""The texts of a batch, as arrays of their tokens."""

from typing import NamedTuple

import numpy
from spacy.tokens import Doc
from spacy.vocab import Vocab

from ..edits.casing import CASE_ATTRS, tell_single_case
from ..edits.strings import share_strings
from ..types import Array
from .ids import is_in


class Texts(NamedTuple):
    """The texts of a batch.

    docs (List[Doc]): Their documents, at least one.
    sizes (List[int]): How many tokens each has.
    forms (Ints1d): The ORTHs of all tokens.
    owners (Ints1d): For each token the place of its text.
    has_no_case (Bools1d): Whether each text is in a single case, so that case tells nothing.
    """

    docs: list[Doc]
    sizes: list[int]
    forms: Array
    owners: Array
    has_no_case: Array

    @property
    def vocab(self) -> Vocab:
        """Where all tokens are spelt."""
        return self.docs[0].vocab


def find_named(texts: Texts, known: Array) -> Array:
    """Find tokens of which the tokenizer says that they are a known word that is spelt otherwise.

    texts (Texts): The texts.
    known (Ints1d): The NORMs of known words, in ascending order.
    RETURNS (Bools1d): Whether each token has the NORM of one, and it isn't that of its letters.
    """
    tokens = numpy.concatenate([doc.to_array(["NORM", "LOWER"]) for doc in texts.docs])
    norms, lowers = tokens.T
    return (norms != lowers) & is_in(numpy, norms, known)


def read_texts(docs: list[Doc]) -> Texts:
    """Read the texts of a batch.

    docs (List[Doc]): Documents, at least one. Where they are of several vocabs, the first one
        learns the strings of the others.
    RETURNS (Texts): The texts.
    """
    share_strings(docs)
    sizes = [len(doc) for doc in docs]
    tokens = numpy.concatenate([doc.to_array(CASE_ATTRS) for doc in docs])
    owners = numpy.repeat(numpy.arange(len(sizes)), sizes)
    has_no_case = tell_single_case(tokens, sizes, docs[0].vocab.strings)
    return Texts(docs, sizes, tokens[:, 0], owners, has_no_case)
