"""How likely a new word is spelt as it is.

A Markov chain of letters, each with a probability given the two before it. They are counted in the
words of the graph, each once, and smoothed by those of shorter contexts. (Witten and Bell, The
zero-frequency problem: estimating the probabilities of novel events in adaptive text compression,
IEEE Transactions on Information Theory 37(4), 1991.)
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy

from ..types import Array
from .ids import look_up, measure_lengths

# Of how many letters a gram is made at most: the one that is asked for and those before it.
ORDER = 3

# What stands before the first letter of a word, and behind the last: numbers that no letter has.
START, END = -1, -2


class Grams(NamedTuple):
    """How often letters follow others in words.

    grams (Ints1d): The grams that were seen, in ascending order.
    counts (Floats1d): How often each was.
    contexts (Ints1d): What is before their last letters, in ascending order.
    totals (Floats1d): How often each of those was seen.
    kinds (Floats1d): How many letters were seen to follow each.
    """

    grams: Array
    counts: Array
    contexts: Array
    totals: Array
    kinds: Array


class LetterModel:
    """How likely new words are, by their letters."""

    def __init__(self, words: Sequence[str]) -> None:
        """Count letters.

        words (Sequence[str]): Words, each once.
        """
        self._alphabet = numpy.unique(_list_letters(words))
        self._tables = [_count(grams, self._size) for grams in self._list_grams(words)]

    @property
    def _size(self) -> int:
        """How many letters there are, with one for all that were never seen."""
        return len(self._alphabet) + 1

    def score(self, words: Sequence[str]) -> Array:
        """Compute how likely words are.

        words (Sequence[str]): Words.
        RETURNS (Floats1d): For each the logarithm of its probability among all words.
        """
        if not words:
            return numpy.zeros(0)
        orders = self._list_grams(words)
        chances = numpy.full(len(orders[0]), 1 / self._size)
        for table, grams in zip(self._tables, orders, strict=True):
            chances = _smooth(table, grams, grams // self._size, chances)
        lengths = measure_lengths(words) + 1
        return numpy.add.reduceat(numpy.log(chances), lengths.cumsum() - lengths)

    def _list_grams(self, words: Sequence[str]) -> list[Array]:
        """List the grams that end in each letter of words, and behind the last: for each order."""
        letters = _list_letters(words)
        ids = look_up(letters, self._alphabet, numpy.arange(1, self._size)).astype("int64")
        ends = numpy.flatnonzero(letters != START)
        orders = [ids[ends]]
        for back in range(1, ORDER):
            orders.append(ids[ends - back] * self._size**back + orders[-1])
        return orders


def _list_letters(words: Sequence[str]) -> Array:
    """List the letters of words, with what stands before and behind them."""
    before, behind = " " * (ORDER - 1), " "
    text = "".join(f"{before}{word}{behind}" for word in words)
    letters = numpy.frombuffer(text.encode("utf-32-le"), dtype="uint32").astype("int64")
    sizes = measure_lengths(words) + ORDER
    stops = sizes.cumsum()
    for place in range(ORDER - 1):
        letters[stops - sizes + place] = START
    letters[stops - 1] = END
    return letters


def _count(grams: Array, size: int) -> Grams:
    """Count grams, which are numbers whose last digit, to the base of a size, is the letter."""
    grams, counts = numpy.unique(grams, return_counts=True)
    contexts, places = numpy.unique(grams // size, return_inverse=True)
    totals = numpy.bincount(places, counts, len(contexts))
    return Grams(
        grams, counts.astype(float), contexts, totals, numpy.bincount(places).astype(float)
    )


def _smooth(table: Grams, grams: Array, contexts: Array, shorter: Array) -> Array:
    """Compute the probabilities of grams by those that a shorter context gives them."""
    counts = look_up(grams, table.grams, table.counts)
    totals = look_up(contexts, table.contexts, table.totals)
    kinds = look_up(contexts, table.contexts, table.kinds)
    # A context that was never seen says nothing.
    kinds = numpy.where(totals == 0, 1.0, kinds)
    return (counts + kinds * shorter) / (totals + kinds)
