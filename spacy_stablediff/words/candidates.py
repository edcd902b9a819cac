"""The forms that new words could be by an error, with their weights, for many words at once."""

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy

from ..types import Array
from .counting import find_case
from .errors import Spellings, cost_errors
from .ids import measure_lengths, spread
from .neighbours import SpellingIndex, fold, is_word

# By what the weight of a neighbour is multiplied that has another case than the form at hand.
OTHER_CASE = math.exp(-4.0)

# From how many other forms one is diffused at most.
MOST = 5

# The weights of forms, by their texts.
Weights = dict[str, float]


class Candidates:
    """Words of a graph, with their forms, that can be looked up by misspelt ones.

    words (List[str]): The words, folded.
    """

    def __init__(
        self, nodes: Mapping[str, Mapping[str, float]], *, time: float, distance: int
    ) -> None:
        """Index words.

        nodes (Mapping[str, Mapping[str, float]]): Folded words, each with its forms and their
            counts.
        time (float): The time of the diffusion, by which weights are multiplied.
        distance (int): How many errors words are apart at most: 1 or 2.
        """
        self.words = [word for word in nodes if is_word(word)]
        self._time = time
        self._index = SpellingIndex(self.words, distance)
        self._spellings = Spellings.read(self.words)
        self._sizes = measure_lengths([nodes[word] for word in self.words])
        self._ends = self._sizes.cumsum()
        forms = [item for word in self.words for item in nodes[word].items()]
        self._texts = [text for text, _ in forms]
        self._counts: Array = numpy.asarray([count for _, count in forms], dtype="float64")
        self._cases = _find_cases(self._texts)

    def find(self, forms: Sequence[str], *, has_case: bool) -> list[Weights]:
        """Find what new forms could be by an error.

        forms (Sequence[str]): The forms, each of a word in the sense of `is_word`.
        has_case (bool): Whether their case tells something, so that candidates of another one are
            less likely.
        RETURNS (List[Dict[str, float]]): For each the weightiest candidates, the first one first.
        """
        words = [fold(form) for form in forms]
        rows, columns, distances = self._index.find(words)
        spelt = Spellings.read(words).at(rows), self._spellings.at(columns)
        alike = self._time * numpy.exp(-cost_errors(*spelt, distances))
        ends, sizes = self._ends[columns], self._sizes[columns]
        places, owners = spread(ends - sizes, ends), numpy.repeat(rows, sizes)
        weights = self._counts[places] * numpy.repeat(alike, sizes)
        if has_case:
            differs = self._cases[places] != _find_cases(forms)[owners]
            weights *= numpy.where(differs, OTHER_CASE, 1.0)
        found: list[Weights] = [{} for _ in forms]
        for i in _rank(owners, weights).tolist():
            found[owners[i]][self._texts[places[i]]] = float(weights[i])
        return found


def _find_cases(texts: Iterable[str]) -> Array:
    return numpy.asarray([find_case(text) for text in texts], dtype="int8")


def _rank(owners: Array, weights: Array) -> Array:
    """List the places of the largest weights of each owner, owner by owner, the largest first."""
    order = numpy.lexsort((-weights, owners))
    ranked = owners[order]
    ranks = numpy.arange(len(ranked)) - numpy.searchsorted(ranked, ranked)
    return order[ranks < MOST]
