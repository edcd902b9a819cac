"""Which documents hold annotation that components can learn."""

from collections.abc import Sequence
from typing import Any

from spacy.language import Language
from spacy.pipeline import (
    DependencyParser,
    EditTreeLemmatizer,
    EntityRecognizer,
    Morphologizer,
    SentenceRecognizer,
    SpanCategorizer,
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


def has_gold(nlp: Language, names: Sequence[str], doc: Doc) -> bool:
    """Tell whether a document holds gold annotation for components.

    nlp (Language): The pipeline.
    names (Sequence[str]): The components.
    doc (Doc): The document.
    RETURNS (bool): Whether it holds all that they learn; not, if it holds nothing of that.
    RAISES (ValueError): SD197 if it holds what some of them learn, and not what others do.
    """
    held = {name: _holds(nlp.get_pipe(name), doc) for name in names}
    if any(held.values()) and not all(held.values()):
        lacking = ", ".join(name for name, is_held in held.items() if not is_held)
        annotated = ", ".join(name for name, is_held in held.items() if is_held)
        raise ValueError(Errors.SD197.format(text=doc.text, annotated=annotated, lacking=lacking))
    return all(held.values())


def check_labels(nlp: Language, names: Sequence[str], docs: list[Doc]) -> None:
    """Raise SD198 if a component has none of the labels that documents hold for it.

    nlp (Language): The pipeline.
    names (Sequence[str]): The components.
    docs (List[Doc]): Documents with gold annotation.
    """
    for name in names:
        component: Any = nlp.get_pipe(name)
        held = {label for doc in docs for label in _list_labels(component, doc)}
        if held and held.isdisjoint(component.labels):
            labels = {"held": sorted(held)[:5], "known": sorted(component.labels)[:5]}
            listed = {key: ", ".join(f"'{each}'" for each in some) for key, some in labels.items()}
            raise ValueError(Errors.SD198.format(name=name, **listed))


def _holds(component: Any, doc: Doc) -> bool:
    """Whether a document holds what a component learns. Scores of a pipeline are no annotation."""
    if isinstance(component, TextCategorizer):
        return bool(doc.cats) and set(doc.cats.values()) <= {0.0, 1.0}
    if isinstance(component, SpanCategorizer):
        return component.key in doc.spans
    attrs = next((attrs for kind, attrs in ATTRS.items() if isinstance(component, kind)), None)
    return attrs is None or any(map(doc.has_annotation, attrs))


def _list_labels(component: Any, doc: Doc) -> list[str]:
    """List the labels that a document holds for a component that finds or classifies."""
    if isinstance(component, TextCategorizer):
        return list(doc.cats)
    if isinstance(component, SpanCategorizer):
        return [span.label_ for span in doc.spans[component.key]]
    if isinstance(component, EntityRecognizer):
        return [ent.label_ for ent in doc.ents]
    return []
