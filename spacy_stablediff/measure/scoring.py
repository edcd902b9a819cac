"""How far scores may be off: the scores of each resample, from counts of each document.

The score that is reported is spaCy's own. Here the same is counted document by document,
to find how much it varies.
"""

from collections import defaultdict

import numpy
from spacy.language import Language
from spacy.training import Example

from ..types import Array
from .bootstrap import Ratio

EXCLUSIVE = "textcat"


class ScoreTally:
    """F of entities and macro F of categories, in each resample."""

    def __init__(self, nlp: Language) -> None:
        """Begin with no documents.

        nlp (Language): The pipeline that predicts.
        """
        factories = [nlp.get_pipe_meta(name).factory for name in nlp.pipe_names]
        self._is_exclusive = EXCLUSIVE in factories
        self._ents = Ratio()
        self._cats: dict[str, Ratio] = defaultdict(Ratio)

    def add(self, example: Example, times: Array) -> None:
        """Add a document.

        example (Example): The predicted document, and the one with gold annotation.
        times (Ints1d): How often it counts in each resample.
        """
        predicted, gold = example.predicted, example.reference
        if gold.has_annotation("ENT_IOB"):
            found, right = (
                {(ent.label_, ent.start_char, ent.end_char) for ent in doc.ents}
                for doc in (predicted, gold)
            )
            self._ents.add(2 * len(found & right), len(found) + len(right), times)
        chosen, annotated = self._choose(predicted.cats), self._choose(gold.cats)
        for label in gold.cats:
            count = (label in chosen) + (label in annotated)
            self._cats[label].add(2 * (count == 2), count, times)

    @property
    def values(self) -> dict[str, float]:
        """The scores, by the keys of spaCy's scores."""
        values = {} if self._ents.is_empty else {"ents_f": self._ents.value or 0.0}
        if self._cats:
            each = [label.value or 0.0 for label in self._cats.values()]
            values["cats_macro_f"] = float(numpy.mean(each))
        return values

    @property
    def replicates(self) -> dict[str, Array]:
        """The scores in each resample, by the keys of spaCy's scores."""
        replicates = {} if self._ents.is_empty else {"ents_f": self._ents.replicates}
        if self._cats:
            each = [numpy.nan_to_num(label.replicates) for label in self._cats.values()]
            replicates["cats_macro_f"] = numpy.mean(each, axis=0)
        return replicates

    def _choose(self, cats: dict[str, float]) -> set[str]:
        """The categories that a document is in."""
        if self._is_exclusive and cats:
            return {max(cats, key=lambda label: cats[label])}
        return {label for label, score in cats.items() if score >= 0.5}
