"""Whether a word whose case is not known would begin with a capital.

By naive Bayes: the odds that a word has, times what each neighbour does to the odds of any
word. They are counted in the training texts. (Restoring case from counts of words in context:
Lita, Ittycheriah, Roukos and Kambhatla, tRuEcasIng, ACL 2003.)
"""

import math
from collections import Counter
from typing import NamedTuple

import numpy
from spacy.tokens import Doc

from ..types import Array
from .counting import EDGE, Words, find_case
from .ids import look_up, sort

# How often a neighbour was seen before it tells as much as all words together.
PRIOR = 2.0


class Odds(NamedTuple):
    """The odds of a capital next to words, relative to the usual ones.

    words (Ints1d): The NORMs of the words, in ascending order.
    logarithms (Floats1d): The logarithms of the odds.
    """

    words: Array
    logarithms: Array

    def look_up(self, norms: Array) -> Array:
        """Return the logarithm for each norm, 0 where the word was never seen."""
        return look_up(norms, self.words, self.logarithms)


class CaseOdds:
    """The odds of capitals in the training texts.

    new_capitals (float): The share of the words seen once that begin with a capital: how
        likely a new word does.
    """

    def __init__(self, words: Words) -> None:
        """Compute them.

        words (Words): The words that were counted.
        """
        counts = {kind: tally.counts for kind, tally in words.tallies.items()}
        self.new_capitals = _find_share_of_capitals(words)
        self._after = _compare(counts["capitals_after"], counts["smalls_after"])
        self._before = _compare(counts["capitals_before"], counts["smalls_before"])

    def read(self, docs: list[Doc]) -> Array:
        """Read from documents by what their words multiply the odds of their neighbours.

        docs (List[Doc]): The documents, none without tokens.
        RETURNS (Floats1d): For each token of all the logarithm.
        """
        norms = numpy.concatenate([doc.to_array("NORM") for doc in docs])
        ends = numpy.cumsum([len(doc) for doc in docs])
        before, after = numpy.roll(norms, 1), numpy.roll(norms, -1)
        before[[0, *ends[:-1]]] = EDGE
        after[ends - 1] = EDGE
        return self._after.look_up(before) + self._before.look_up(after)


def _find_share_of_capitals(words: Words) -> float:
    cases = Counter(
        find_case(words.texts[form])
        for form, count in words.tallies["forms"].counts.items()
        if count == 1 and words.texts[form].isalpha()
    )
    return cases[1] / (cases[1] + cases[-1] + 1)


def _compare(capitals: Counter[int], smalls: Counter[int]) -> Odds:
    """By how much each neighbour raises the odds of a capital."""
    share = (capitals.total() + 1) / (capitals.total() + smalls.total() + 2)
    usual = math.log(share / (1 - share))
    ids = sort({*capitals, *smalls})
    capital, small = (
        numpy.array([counts[word] for word in ids.tolist()], dtype=float)
        for counts in (capitals, smalls)
    )
    odds = (capital + PRIOR * share) / (small + PRIOR * (1 - share))
    return Odds(ids, numpy.log(odds) - usual)
