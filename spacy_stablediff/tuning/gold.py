"""Which documents hold annotation that components can learn."""

from collections.abc import Sequence
from itertools import chain
from typing import Any

from spacy.language import Language
from spacy.pipeline import (
    DependencyParser,
    EditTreeLemmatizer,
    EntityRecognizer,
    Morphologizer,
    SentenceRecognizer,
    SpanCategorizer,
    SpanFinder,
    Tagger,
    TextCategorizer,
)
from spacy.tokens import Doc

from ..errors import Errors

# What components learn of tokens. Some are taggers as well, and stand before that.
ATTRS: dict[type, tuple[str, ...]] = {
    EntityRecognizer: ("ENT_IOB",),
    DependencyParser: ("DEP",),
    EditTreeLemmatizer: ("LEMMA",),
    Morphologizer: ("POS", "MORPH"),
    SentenceRecognizer: ("SENT_START",),
    Tagger: ("TAG",),
}

# Taggers in code, whose labels aren't tags.
OTHER_TAGGERS = (Morphologizer, SentenceRecognizer)


def has_gold(nlp: Language, names: Sequence[str], doc: Doc) -> bool:
    """Tell whether a document holds gold annotation for components.

    nlp (Language): The pipeline.
    names (Sequence[str]): The components.
    doc (Doc): The document.
    RETURNS (bool): Whether it holds all that they learn; not, if it holds nothing of that.
    RAISES (ValueError): SD197 if it holds what some of them learn, and not what others do.
    """
    held = {name: _holds(nlp, name, doc) for name in names}
    if any(held.values()) and not all(held.values()):
        lacking = ", ".join(name for name, is_held in held.items() if not is_held)
        annotated = ", ".join(name for name, is_held in held.items() if is_held)
        raise ValueError(Errors.SD197.format(text=doc.text, annotated=annotated, lacking=lacking))
    return all(held.values())


def check_labels(nlp: Language, names: Sequence[str], docs: list[Doc]) -> None:
    """Raise SD198 if a component doesn't know a label that documents hold for it.

    nlp (Language): The pipeline.
    names (Sequence[str]): The components.
    docs (List[Doc]): Documents with gold annotation.
    """
    for name in names:
        component: Any = nlp.get_pipe(name)
        held = {label for doc in docs for label in _list_labels(component, doc)}
        others = _list_others(nlp, name) if isinstance(component, TextCategorizer) else set()
        if unknown := held.difference(others, component.labels if held else ()):
            labels = {"unknown": sorted(unknown)[:5], "known": sorted(component.labels)[:5]}
            listed = {key: ", ".join(f"'{each}'" for each in some) for key, some in labels.items()}
            raise ValueError(Errors.SD198.format(name=name, **listed))


def _holds(nlp: Language, name: str, doc: Doc) -> bool:
    """Whether a document holds what a component learns. Scores of a pipeline are no annotation."""
    component: Any = nlp.get_pipe(name)
    if isinstance(component, TextCategorizer):
        others = _list_others(nlp, name).difference(component.labels)
        return not others.issuperset(doc.cats) and set(doc.cats.values()) <= {0.0, 1.0}
    if isinstance(component, (SpanCategorizer, SpanFinder)):
        return component.cfg["spans_key"] in doc.spans
    kinds = [attrs for kind, attrs in ATTRS.items() if isinstance(component, kind)]
    # What another kind of component learns nobody knows, but that it is there at all.
    attrs = kinds[0] if kinds else chain.from_iterable(ATTRS.values())
    return any(map(doc.has_annotation, attrs)) or (not kinds and bool(doc.cats or doc.spans))


def _list_others(nlp: Language, name: str) -> set[str]:
    """The labels of other text classifiers, which stand beside a classifier's own in a document."""
    others: list[Any] = [proc for other, proc in nlp.components if other != name]
    return {label for proc in others if isinstance(proc, TextCategorizer) for label in proc.labels}


def _list_labels(component: Any, doc: Doc) -> list[str]:
    """List the labels that a document holds for a component, as far as it must know them."""
    if isinstance(component, TextCategorizer):
        return list(doc.cats)
    if isinstance(component, SpanCategorizer):
        return [span.label_ for span in doc.spans[component.cfg["spans_key"]]]
    if isinstance(component, EntityRecognizer):
        return [ent.label_ for ent in doc.ents]
    if isinstance(component, Tagger) and not isinstance(component, OTHER_TAGGERS):
        return [token.tag_ for token in doc if token.tag_]
    return []
