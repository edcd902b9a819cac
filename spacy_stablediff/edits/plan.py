"""Choosing what to do to the words of a document."""

from typing import NamedTuple

import numpy
from spacy.tokens import Doc

from ..types import Array
from .spelling import Spelling


class Plan(NamedTuple):
    """The tokens of an edited document.

    words (List[str]): Their texts.
    spaces (List[bool]): Whether a space follows each.
    source (Ints1d): For each the index of the clean token.
    spellings (Dict[int, Spelling]): Those that are written differently, by their index.
    renames (bool): Whether these are other names, of others.
    """

    words: list[str]
    spaces: list[bool]
    source: Array
    spellings: dict[int, Spelling]
    renames: bool = False

    @property
    def text(self) -> str:
        """The text of the edited document."""
        pairs = zip(self.words, self.spaces, strict=True)
        return "".join([f"{word} " if space else word for word, space in pairs])


def stands_free(doc: Doc) -> Array:
    """Find the tokens that can go without their neighbours: booleans.

    On each side of them is whitespace or the edge of the document, maybe behind
    punctuation. Where words are written without spaces every token stands free.
    """
    if not doc.vocab.writing_system.get("has_letters", True):
        return numpy.ones(len(doc), dtype=bool)
    gap, is_punct = find_gaps(doc), doc.to_array("IS_PUNCT").astype(bool)
    before = _reaches_gap(gap[::-1], is_punct[::-1])[::-1]
    return before & _reaches_gap(gap, is_punct)


def find_gaps(doc: Doc) -> Array:
    """Find the tokens behind which there is whitespace: booleans, one for each but the last."""
    space, is_space = doc.to_array(["SPACY", "IS_SPACE"]).astype(bool).T
    gaps: Array = space[:-1] | is_space[:-1] | is_space[1:]
    return gaps


def _reaches_gap(gap: Array, is_punct: Array) -> Array:
    """Find the tokens behind which there is a gap, or punctuation and then a gap.

    gap (Array): Booleans: whether one lies behind each token but the last.
    is_punct (Array): Booleans: whether each token is punctuation.
    RETURNS (Array): Booleans, one for each token. The last one has a gap behind it.
    """
    n = len(is_punct)
    others = numpy.where(is_punct, n, numpy.arange(n))
    next_other = numpy.append(numpy.minimum.accumulate(others[::-1])[::-1], n)[1:]
    gaps_before = numpy.cumsum(numpy.concatenate([[False], gap, [True]]))
    return gaps_before[next_other] > gaps_before[:-1]


def is_annotated(doc: Doc) -> Array:
    """Find the tokens of entities and spans: booleans, one for each token."""
    iob = doc.to_array("ENT_IOB")
    annotated = (iob == 1) | (iob == 3)
    for group in doc.spans.values():
        for span in group:
            annotated[span.start : span.end] = True
    return annotated


def choose_swaps(doc: Doc, movable: Array, drawn: Array) -> Array:
    """Choose the words that change places with the next one: their indices."""
    word, space, sentence = doc.to_array(["ORTH", "SPACY", "SENT_START"]).astype("int64").T
    allowed = movable[:-1] & movable[1:] & (word[:-1] != word[1:])
    if doc.vocab.writing_system.get("has_letters", True):
        allowed &= space[:-1] == 1
    if doc.has_annotation("SENT_START"):
        allowed &= sentence[1:] == -1
    return _every_other(numpy.flatnonzero(allowed & drawn[:-1]))


def _every_other(indices: Array) -> Array:
    """Keep the first, third, fifth ... of each run of consecutive numbers."""
    if not len(indices):
        return indices
    n = numpy.arange(len(indices))
    starts = numpy.flatnonzero(numpy.diff(indices, prepend=-2) != 1)
    run = numpy.searchsorted(starts, n, side="right") - 1
    return indices[(n - starts[run]) % 2 == 0]


def choose_spaces(doc: Doc, kept: Array) -> list[bool]:
    """Choose after which of the tokens that are left a space follows.

    Where tokens were dropped it does if one stood in each of the gaps.
    """
    places = numpy.flatnonzero(kept)
    space = doc.to_array("SPACY").astype(bool)[places[0] :]
    return numpy.logical_and.reduceat(space, places - places[0]).tolist()
