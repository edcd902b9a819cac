"""The labels that a text classifier chooses for a text, and that it learns."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from spacy.language import Language
from spacy.pipeline import MultiLabel_TextCategorizer, TextCategorizer
from spacy.tokens import Doc
from spacy.training import Example

from ..measure.comparison import top_category


def choose_labels(component: TextCategorizer, doc: Doc) -> set[str]:
    """Return those of a classifier's labels that a document has.

    component (TextCategorizer): The classifier.
    doc (Doc): The document, with scores or gold annotation.
    RETURNS (Set[str]): The labels: where they exclude each other the one with the highest
        score, else all whose score reaches the classifier's threshold.
    """
    if isinstance(component, MultiLabel_TextCategorizer):
        scores = {label: doc.cats[label] for label in component.labels if label in doc.cats}
        return {label for label, score in scores.items() if score >= component.cfg["threshold"]}
    top = top_category(doc.cats, component.labels)
    return set() if top is None else {top}


def harden_labels(nlp: Language, doc: Doc) -> Doc:
    """Make annotation of the scores of text classifiers, which learn from 0 and 1 only.

    nlp (Language): The pipeline.
    doc (Doc): The document, which is modified.
    RETURNS (Doc): The same.
    """
    for _, component in nlp.pipeline:
        if isinstance(component, TextCategorizer):
            chosen = choose_labels(component, doc)
            doc.cats.update({label: float(label in chosen) for label in component.labels})
    return doc


@contextmanager
def only_own_labels(component: Any, examples: list[Example]) -> Iterator[None]:
    """Show a text classifier no labels of another one for a while.

    Of those that exclude each other spaCy's refuses more than one that is right.

    component (Any): The classifier, or any other component, which is shown what there is.
    examples (List[Example]): What it learns from.
    """
    references = [eg.reference for eg in examples] if isinstance(component, TextCategorizer) else []
    every = [doc.cats for doc in references]
    for doc in references:
        doc.cats = {label: doc.cats[label] for label in component.labels if label in doc.cats}
    try:
        yield
    finally:
        for doc, cats in zip(references, every, strict=True):
            doc.cats = cats
