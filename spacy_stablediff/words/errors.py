"""What a misspelling costs: how much less likely a word is to be spelt so than as it is.

By kinds of errors (Kernighan, Church and Gale, A spelling correction program based on a noisy
channel model, COLING 1990). There are few ways to leave out a letter of a word, or to exchange two,
and many to add or to replace one, so that each of those is rarer.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy
from spacy.strings import get_string_id

from ..types import Array
from .ids import measure_lengths

# The logarithms of the odds against an error, by its kind. They were fitted to what the
# edits of the study do to its development parts.
DOUBLED = 1.6
LEFT_OUT = 2.9
EXCHANGED = 2.6
REPLACED = 4.1
ADDED = 5.8

# What a second error costs besides.
SECOND = 3.5

REPEATED = re.compile(r"(.)\1+")


class Spellings(NamedTuple):
    """What tells kinds of errors apart, of words.

    lengths (Ints1d): How many letters each has.
    squeezed (Ints1d): The id of each with one of letters that are repeated.
    letters (Ints1d): That of its letters in alphabetical order.
    """

    lengths: Array
    squeezed: Array
    letters: Array

    @classmethod
    def read(cls, words: Sequence[str]) -> "Spellings":
        """Read the spellings of words."""
        squeezed = [REPEATED.sub(r"\1", word) if REPEATED.search(word) else word for word in words]
        letters = ["".join(sorted(word)) for word in words]
        return cls(measure_lengths(words), _identify(squeezed), _identify(letters))

    def at(self, places: Array) -> "Spellings":
        """Return those of some of the words, by their places."""
        return Spellings(*(column[places] for column in self))


def cost_errors(forms: Spellings, words: Spellings, distances: Array) -> Array:
    """Compute what it costs that words are spelt in forms.

    forms (Spellings): The forms.
    words (Spellings): For each of them a word.
    distances (Ints1d): How many errors they are apart: 1 or 2.
    RETURNS (Floats1d): The costs.
    """
    longer = forms.lengths - words.lengths
    is_doubled = (longer != 0) & (forms.squeezed == words.squeezed)
    is_exchanged = (longer == 0) & (forms.letters == words.letters)
    kinds = [is_doubled, distances > 1, longer > 0, longer < 0, is_exchanged]
    first = numpy.select(kinds, [DOUBLED, REPLACED, ADDED, LEFT_OUT, EXCHANGED], REPLACED)
    return first + SECOND * (distances - 1)


def _identify(texts: Sequence[str]) -> Array:
    return numpy.fromiter(map(get_string_id, texts), dtype="uint64", count=len(texts))
