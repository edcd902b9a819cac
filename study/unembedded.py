"""Measuring a pipeline that has no token vectors: its scores, and its flips."""

from collections.abc import Iterable, Mapping
from itertools import chain
from statistics import fmean
from typing import Any

from spacy.language import Language
from spacy.scorer import Scorer
from spacy.training import Example

from spacy_stablediff.measure.comparison import top_category
from spacy_stablediff.types import Augmenter


def measure_scores(
    nlp: Language, examples: Iterable[Example], edits: Mapping[str, Augmenter], score: str
) -> dict[str, Any]:
    """Measure what edits do to the predictions of a text classifier.

    nlp (Language): The pipeline.
    examples (Iterable[Example]): The examples.
    edits (Mapping[str, Augmenter]): Augmenters that yield one copy of each example, by name.
    score (str): The score.
    RETURNS (Dict[str, Any]): The score on clean text, and on edited text with the flips.
    """
    clean = _predict(nlp, examples)
    scorer = Scorer(nlp)
    figures: dict[str, Any] = {"clean": {"score": scorer.score(clean)[score]}}
    tops = [top_category(eg.predicted.cats) for eg in clean]
    for name, edit in edits.items():
        edited = _predict(nlp, chain.from_iterable(edit(nlp, eg) for eg in examples))
        pairs = zip(tops, edited, strict=True)
        flips = fmean(top != top_category(eg.predicted.cats) for top, eg in pairs)
        figures[name] = {"score": scorer.score(edited)[score], "cats_flips": flips}
    return figures


def _predict(nlp: Language, examples: Iterable[Example]) -> list[Example]:
    """Run the pipeline on copies of the predicted documents."""
    examples = list(examples)
    docs = nlp.pipe([eg.predicted.copy() for eg in examples])
    return [Example(doc, eg.reference) for doc, eg in zip(docs, examples, strict=True)]
