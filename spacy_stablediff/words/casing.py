"""Whether a word whose case is not known would begin with a capital.

By naive Bayes: the odds that a word has, times what each neighbour does to the odds of any
word. They are counted in the training texts. (Restoring case from counts of words in context:
Lita, Ittycheriah, Roukos and Kambhatla, tRuEcasIng, ACL 2003.)
"""

import math
from collections import Counter

import numpy
from spacy.tokens import Doc

from ..types import Array
from .counting import EDGE, Words, find_case

# How often a neighbour was seen before it tells as much as all words together.
PRIOR = 2.0


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

    def read(self, doc: Doc) -> Array:
        """Read from a document by what its words multiply the odds of their neighbours.

        doc (Doc): The document.
        RETURNS (Floats1d): For each token the logarithm.
        """
        norms = [EDGE, *doc.to_array("NORM").tolist(), EDGE]
        pairs = zip(norms[:-2], norms[2:], strict=True)
        return numpy.array([self._after.get(a, 0.0) + self._before.get(b, 0.0) for a, b in pairs])


def _find_share_of_capitals(words: Words) -> float:
    cases = Counter(
        find_case(words.texts[form])
        for form, count in words.tallies["forms"].counts.items()
        if count == 1 and words.texts[form].isalpha()
    )
    return cases[1] / (cases[1] + cases[-1] + 1)


def _compare(capitals: Counter[int], smalls: Counter[int]) -> dict[int, float]:
    """By how much each neighbour raises the odds of a capital."""
    share = (capitals.total() + 1) / (capitals.total() + smalls.total() + 2)
    usual = math.log(share / (1 - share))
    return {
        word: math.log((capitals[word] + PRIOR * share) / (smalls[word] + PRIOR * (1 - share)))
        - usual
        for word in {*capitals, *smalls}
    }
