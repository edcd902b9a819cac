"""Scores of dependency parses, counted document by document.

Words that an edit drops leave their dependents without a head, which is then missing. spaCy's
scorer leaves out a token whose head is missing, but in every later document as well, at the same
place. So where heads are missing its scores are wrong, and those counted here are right.
"""

from spacy.tokens import Token
from spacy.training import Example

from ..types import Array
from .bootstrap import Ratio

# What spaCy's parser doesn't score.
IGNORED = ("p", "punct")

# The keys of spaCy's scores.
UNLABELLED, LABELLED = "dep_uas", "dep_las"
SCORES = (UNLABELLED, LABELLED, "dep_las_per_type")

# The places of a token and of its head, and the label.
Arc = tuple[int, int, str]


class ParseTally:
    """Unlabelled and labelled attachment, as F of the arcs, in each resample."""

    def __init__(self) -> None:
        """Begin with no documents."""
        self.ratios = {UNLABELLED: Ratio(), LABELLED: Ratio()}
        self.has_missing = False

    def add(self, example: Example, times: Array) -> None:
        """Add a document, if it has a gold parse.

        example (Example): The predicted document, and the one with gold annotation.
        times (Ints1d): How often it counts in each resample.
        """
        gold = example.reference
        if not gold.has_annotation("DEP"):
            return
        missing = gold.to_array("DEP") == 0
        self.has_missing |= bool(missing.any())
        right = {
            _describe(token, token.i, token.head.i)
            for token in gold
            if not missing[token.i] and not _is_ignored(token)
        }
        found, loose = _list_arcs(example, missing)
        for key, size in ((UNLABELLED, 2), (LABELLED, 3)):
            ours, theirs = ({arc[:size] for arc in arcs} for arcs in (found, right))
            both = len(ours) + loose + len(theirs)
            self.ratios[key].add(2 * len(ours & theirs), both, times)

    def merge(self, other: "ParseTally") -> None:
        """Add the documents of another one, exactly."""
        self.has_missing |= other.has_missing
        for key, ratio in self.ratios.items():
            ratio.merge(other.ratios[key])


def _list_arcs(example: Example, missing: Array) -> tuple[set[Arc], int]:
    """List the predicted arcs, as far as it is known what is right there.

    example (Example): The predicted document, and the one with gold annotation.
    missing (Array): Whether the head of each gold token is missing.
    RETURNS (Tuple[Set[Arc], int]): The arcs, by places in the gold document, and how many
        have no place there.
    """
    aligned = example.alignment.x2y
    places = [aligned[i][0] if n == 1 else None for i, n in enumerate(aligned.lengths)]
    arcs: set[Arc] = set()
    loose = 0
    for token in example.predicted:
        place, head = places[token.i], places[token.head.i]
        if token.is_space or _is_ignored(token) or (place is not None and missing[place]):
            continue
        if place is None or head is None:
            loose += 1
        else:
            arcs.add(_describe(token, place, head))
    return arcs, loose


def _is_ignored(token: Token) -> bool:
    return token.dep_.lower() in IGNORED


def _describe(token: Token, place: int, head: int) -> Arc:
    return int(place), int(head), token.dep_.lower()
