"""How well components agree with what they are to say, on clean and on edited texts."""

from typing import Any

from spacy.language import Language
from spacy.pipeline import (
    MultiLabel_TextCategorizer,
    SpanCategorizer,
    SpanFinder,
    TextCategorizer,
)
from spacy.training import Example

from ..edits.augmenter import Edits
from ..edits.seeded import SeededAugmenter
from ..measure.data import copy_tokens
from ..types import Augmenter
from .labels import choose_labels


def agreement_edits(seed: int) -> dict[str, SeededAugmenter]:
    """Return the edits that a tuned pipeline is chosen by.

    seed (int): Their seed.
    RETURNS (Dict[str, SeededAugmenter]): Augmenters: 5 % of the letters mistyped, all in lower
        case, all in capitals.
    """
    return {
        "letters mistyped": Edits(0.0, 0.0, 0.0, seed, letters=0.05),
        "lower case": Edits(0.0, 0.0, 0.0, seed, case=1.0, casing="lower"),
        "capitals": Edits(0.0, 0.0, 0.0, seed, case=1.0, casing="upper"),
    }


def edit_all(nlp: Language, examples: list[Example], edit: Augmenter) -> list[Example]:
    """Edit examples, with the annotation that they hold.

    nlp (Language): The pipeline.
    examples (List[Example]): The examples, of which the references count.
    edit (Callable[[Language, Example], Iterator[Example]]): Makes the edits.
    RETURNS (List[Example]): The edited copies.
    """
    return [copy for eg in examples for copy in edit(nlp, eg)]


def measure_agreement(nlp: Language, names: list[str], examples: list[Example]) -> float:
    """Measure how well components say what examples hold: the mean over the components.

    nlp (Language): The pipeline.
    names (List[str]): The components.
    examples (List[Example]): The examples, of which the references count.
    RETURNS (float): From 0 to 1: for text classifiers the share of texts of which all
        labels are right, for others the scores that spaCy chooses pipelines by, such as the
        F of entities; all that the component has, where spaCy chooses by none.
    """
    docs = [copy_tokens(nlp.vocab, eg.predicted) for eg in examples]
    predicted = nlp.pipe(docs)
    pairs = [Example(doc, eg.reference) for doc, eg in zip(predicted, examples, strict=True)]
    return sum(_score(nlp, name, pairs) for name in names) / len(names)


def _score(nlp: Language, name: str, examples: list[Example]) -> float:
    component: Any = nlp.get_pipe(name)
    if isinstance(component, TextCategorizer):
        return sum(is_right(component, eg) for eg in examples) / len(examples)
    # Where there is nothing to find and nothing was found there is no score.
    found = {key: 1.0 if it is None else it for key, it in component.score(examples).items()}
    weights = _weigh(nlp, name, found)
    return sum(found[key] * weight for key, weight in weights.items()) / sum(weights.values())


def is_right(component: TextCategorizer, example: Example) -> bool:
    """Tell whether a classifier chooses the labels that a text has, as far as these are known.

    component (TextCategorizer): The classifier.
    example (Example): The text with its scores, and with annotation.
    RETURNS (bool): Whether it does.
    """
    chosen, true = (choose_labels(component, doc) for doc in (example.x, example.y))
    if isinstance(component, MultiLabel_TextCategorizer):
        chosen.intersection_update(example.y.cats)
    return chosen == true


def _weigh(nlp: Language, name: str, scores: dict[str, Any]) -> dict[str, float]:
    """Weigh a component's scores as spaCy does, or alike where it knows none of them."""
    component: Any = nlp.get_pipe(name)
    given = nlp.get_pipe_meta(name).default_score_weights or {}
    if isinstance(component, (SpanCategorizer, SpanFinder)):
        # Factories weigh the scores of the key that spans have by default.
        own = f"spans_{component.cfg['spans_key']}_"
        given = {key.replace("spans_sc_", own): weight for key, weight in given.items()}
    weights = {key: weight for key, weight in given.items() if weight and key in scores}
    return weights or {key: 1.0 for key, score in scores.items() if isinstance(score, float)}
