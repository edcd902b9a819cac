"""How far scores may be off: the scores of each resample, from counts of each document.

The score that is reported is spaCy's own, but for parses in which heads are missing. Here the
same is counted document by document, to find how much it varies.
"""

from typing import Any

import numpy
from spacy.language import Language
from spacy.pipeline import TextCategorizer
from spacy.pipeline.textcat_multilabel import MultiLabel_TextCategorizer
from spacy.tokens import Doc, Span
from spacy.training import Example

from ..types import Array
from .bootstrap import FEWEST, REPLICATES, Ratio
from .comparison import top_category
from .parses import SCORES as PARSES
from .parses import ParseTally


class ScoreTally:
    """F of entities, macro F of categories and attachment of parses, in each resample, of what a
    pipeline predicts."""

    def __init__(self, nlp: Language) -> None:
        """Begin with no documents.

        nlp (Language): The pipeline that predicts.
        """
        assigned = {name for pipe in nlp.pipe_names for name in nlp.get_pipe_meta(pipe).assigns}
        self._ents = Ratio() if "doc.ents" in assigned else None
        self._parses = ParseTally() if "token.dep" in assigned else None
        classifiers = [pipe for _, pipe in nlp.pipeline if isinstance(pipe, TextCategorizer)]
        # Of several, the score of the last one stands, as it does for spaCy.
        self._cats = CategoryTally(classifiers[-1]) if classifiers else None

    def add(self, example: Example, times: Array) -> None:
        """Add a document.

        example (Example): The predicted document, and the one with gold annotation.
        times (Ints1d): How often it counts in each resample.
        """
        predicted, gold = example.predicted, example.reference
        if self._ents is not None and gold.has_annotation("ENT_IOB"):
            found = {_locate(ent) for ent in predicted.ents if _is_annotated(gold, ent)}
            right = {_locate(ent) for ent in gold.ents}
            self._ents.add(2 * len(found & right), len(found) + len(right), times)
        if self._cats is not None:
            self._cats.add(predicted.cats, gold.cats, times)
        if self._parses is not None:
            self._parses.add(example, times)

    def merge(self, other: "ScoreTally") -> None:
        """Add the documents of another one, exactly.

        other (ScoreTally): The other one, of the same pipeline.
        """
        if self._ents is not None and other._ents is not None:
            self._ents.merge(other._ents)
        if self._cats is not None and other._cats is not None:
            self._cats.merge(other._cats)
        if self._parses is not None and other._parses is not None:
            self._parses.merge(other._parses)

    def correct(self, scores: dict[str, Any]) -> dict[str, Any]:
        """Put right what spaCy's scorer gets wrong: parses in which heads are missing.

        scores (Dict[str, Any]): spaCy's scores.
        RETURNS (Dict[str, Any]): The scores, without those of single labels.
        """
        if self._parses is None or not self._parses.has_missing:
            return scores
        known = {key: ratio.value for key, ratio in self._parses.ratios.items()}
        return {key: known.get(key) if key in PARSES else scores[key] for key in scores}

    @property
    def values(self) -> dict[str, float]:
        """The scores of entities and categories, by the keys of spaCy's scores."""
        values = {}
        if self._ents is not None and not self._ents.is_empty:
            values["ents_f"] = self._ents.value or 0.0
        if self._cats is not None and self._cats.has_gold:
            values["cats_macro_f"] = self._cats.value
        return values

    @property
    def replicates(self) -> dict[str, Array]:
        """The scores in each resample, by the keys of spaCy's scores."""
        replicates = {}
        if self._ents is not None and not self._ents.is_empty:
            replicates["ents_f"] = self._ents.resample(missing=0.0)
        if self._cats is not None and self._cats.has_gold:
            replicates["cats_macro_f"] = self._cats.replicates
        if self._parses is not None:
            ratios = self._parses.ratios.items()
            replicates |= {key: each.resample(missing=0.0) for key, each in ratios}
        return replicates


class CategoryTally:
    """Macro F of a text classifier: the mean over all of its labels."""

    def __init__(self, classifier: TextCategorizer) -> None:
        """Begin with no documents.

        classifier (TextCategorizer): The classifier.
        """
        self._is_exclusive = not isinstance(classifier, MultiLabel_TextCategorizer)
        self._threshold = classifier.cfg["threshold"]
        self._labels = {label: Ratio() for label in classifier.labels}
        self._documents = 0
        self.has_gold = False

    def add(self, predicted: dict[str, float], gold: dict[str, float], times: Array) -> None:
        """Add a document.

        predicted (Dict[str, float]): The predicted score of each category.
        gold (Dict[str, float]): The true one; categories without it are missing.
        times (Ints1d): How often it counts in each resample.
        """
        predicted, gold = (
            {label: cats[label] for label in self._labels if label in cats}
            for cats in (predicted, gold)
        )
        self.has_gold |= bool(gold)
        self._documents += 1
        if self._is_exclusive:
            chosen, true = _find_top(predicted), _find_top(gold)
        else:
            chosen = {label for label in gold if predicted.get(label, 0.0) >= self._threshold}
            true = {label for label in gold if gold[label] > 0}
        for label in chosen | true:
            count = (label in chosen) + (label in true)
            self._labels[label].add(2 * (count == 2), count, times)

    def merge(self, other: "CategoryTally") -> None:
        """Add the documents of another one, exactly.

        other (CategoryTally): The other one, of the same classifier.
        """
        self.has_gold |= other.has_gold
        self._documents += other._documents
        for label, ratio in self._labels.items():
            ratio.merge(other._labels[label])

    @property
    def value(self) -> float:
        """The macro F."""
        return float(numpy.mean([label.value or 0.0 for label in self._labels.values()]))

    @property
    def replicates(self) -> Array:
        """The macro F in each resample, all nan where there are too few documents."""
        if self._documents < FEWEST:
            return numpy.full(REPLICATES, numpy.nan)
        each = [ratio.resample(missing=0.0, fewest=0) for ratio in self._labels.values()]
        return numpy.mean(each, axis=0)


def _find_top(cats: dict[str, float]) -> set[str]:
    top = top_category(cats)
    return set() if top is None else {top}


def _locate(ent: Span) -> tuple[str, int, int]:
    return ent.label_, ent.start_char, ent.end_char


def _is_annotated(gold: Doc, ent: Span) -> bool:
    """Whether it is known what is an entity where one was found: spaCy ignores it otherwise."""
    span = gold.char_span(ent.start_char, ent.end_char, alignment_mode="expand")
    return span is None or all(token.ent_iob for token in span)
