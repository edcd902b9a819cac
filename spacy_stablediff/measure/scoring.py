"""How far scores may be off: the scores of each resample, from counts of each document.

The score that is reported is spaCy's own, but for parses in which heads are missing. Here the
same is counted document by document, to find how much it varies.
"""

from functools import partial
from typing import Any

import numpy
from spacy.language import Language
from spacy.pipeline import SpanCategorizer, TextCategorizer
from spacy.pipeline.textcat_multilabel import MultiLabel_TextCategorizer
from spacy.training import Example

from ..types import Array
from .bootstrap import FEWEST, REPLICATES, Ratio
from .comparison import top_category
from .found import Find, find_entities, find_spans, find_tags
from .parses import SCORES as PARSES
from .parses import ParseTally

ENTS, CATS = "ents_f", "cats_macro_f"

SCORES_OF_CATS = {
    "cats_score",
    *(f"cats_{mean}_{score}" for mean in ("micro", "macro") for score in "prf"),
    *("cats_macro_auc", "cats_f_per_type", "cats_auc_per_type"),
}


class ScoreTally:
    """F of entities and spans, accuracy of tags, macro F of categories and attachment of parses, in
    each resample, of what a pipeline predicts."""

    def __init__(self, nlp: Language) -> None:
        """Begin with no documents.

        nlp (Language): The pipeline that predicts.
        """
        assigned = {name for pipe in nlp.pipe_names for name in nlp.get_pipe_meta(pipe).assigns}
        self._finds = _choose_finds(nlp, assigned)
        self._found = {key: Ratio() for key in self._finds}
        self._parses = ParseTally() if "token.dep" in assigned else None
        classifiers = _list_pipes(nlp, TextCategorizer)
        # Of several, the score of the last one stands, as it does for spaCy.
        self._cats = CategoryTally(classifiers[-1]) if classifiers else None

    def add(self, example: Example, times: Array) -> None:
        """Add a document.

        example (Example): The predicted document, and the one with gold annotation.
        times (Ints1d): How often it counts in each resample.
        """
        for key, find in self._finds.items():
            if (items := find(example)) is not None:
                found, right = items
                both = len(right.intersection(found))
                self._found[key].add(2 * both, len(found) + len(right), times)
        if self._cats is not None:
            self._cats.add(example.predicted.cats, example.reference.cats, times)
        if self._parses is not None:
            self._parses.add(example, times)

    def merge(self, other: "ScoreTally") -> None:
        """Add the documents of another one, exactly.

        other (ScoreTally): The other one, of the same pipeline.
        """
        for key, ratio in self._found.items():
            ratio.merge(other._found[key])
        if self._cats is not None and other._cats is not None:
            self._cats.merge(other._cats)
        if self._parses is not None and other._parses is not None:
            self._parses.merge(other._parses)

    def correct(self, scores: dict[str, Any]) -> dict[str, Any]:
        """Put right what spaCy's scorer gets wrong: parses in which heads are missing, and
        categories of which none is annotated, whose scores it calls 0.

        scores (Dict[str, Any]): spaCy's scores.
        RETURNS (Dict[str, Any]): The scores, without those of single labels.
        """
        if self._cats is not None and not self._cats.has_gold:
            scores = {key: None if key in SCORES_OF_CATS else scores[key] for key in scores}
        if self._parses is None or not self._parses.has_missing:
            return scores
        known = {key: ratio.value for key, ratio in self._parses.ratios.items()}
        return {key: known.get(key) if key in PARSES else scores[key] for key in scores}

    @property
    def values(self) -> dict[str, float]:
        """The scores of entities and categories, by the keys of spaCy's scores."""
        values = {}
        if ENTS in self._found and not self._found[ENTS].is_empty:
            values[ENTS] = self._found[ENTS].value or 0.0
        if self._cats is not None and self._cats.has_gold:
            values[CATS] = self._cats.value
        return values

    @property
    def replicates(self) -> dict[str, Array]:
        """The scores in each resample, by the keys of spaCy's scores."""
        replicates = {
            key: ratio.resample(missing=0.0)
            for key, ratio in self._found.items()
            if not ratio.is_empty
        }
        if self._cats is not None and self._cats.has_gold:
            replicates[CATS] = self._cats.replicates
        if self._parses is not None:
            ratios = self._parses.ratios.items()
            replicates |= {key: each.resample(missing=0.0) for key, each in ratios}
        return replicates


def list_classes(nlp: Language) -> list[tuple[str, ...]]:
    """List the labels of each text classifier of a pipeline.

    nlp (Language): The pipeline.
    RETURNS (List[Tuple[str]]): The labels of each.
    """
    return [tuple(pipe.labels) for pipe in _list_pipes(nlp, TextCategorizer)]


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
        known = [label for label in self._labels if label in gold]
        self.has_gold |= bool(known)
        self._documents += bool(known)
        if self._is_exclusive:
            tops = (top_category(cats, self._labels) for cats in (predicted, gold))
            chosen, true = (set() if top is None else {top} for top in tops)
        else:
            chosen = {label for label in known if predicted.get(label, 0.0) >= self._threshold}
            true = {label for label in known if gold[label] > 0}
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


def _choose_finds(nlp: Language, assigned: set[str]) -> dict[str, Find]:
    """Choose what is to be found by what a pipeline predicts, by the keys of spaCy's scores."""
    finds: dict[str, Find] = {}
    if "doc.ents" in assigned:
        finds[ENTS] = find_entities
    if "token.tag" in assigned:
        finds["tag_acc"] = find_tags
    for key in (pipe.cfg["spans_key"] for pipe in _list_pipes(nlp, SpanCategorizer)):
        finds[f"spans_{key}_f"] = partial(find_spans, key=key)
    return finds


def _list_pipes(nlp: Language, kind: type) -> list[Any]:
    return [pipe for _, pipe in nlp.pipeline if isinstance(pipe, kind)]
