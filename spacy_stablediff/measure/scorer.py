"""A scorer for training: how stable the diffused vectors are under small edits."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from spacy.language import Language
from spacy.training import Example

from ..edits.augmenter import Edits
from ..types import Augmenter
from .measure import measure_pipeline


def make_stability_scorer(
    augmenter: Augmenter | None = None, limit: int = 0, seed: int = 0
) -> Callable[..., dict[str, Any]]:
    """Create a scorer for the setting `scorer` of a `stablediff` component.

    Registered as `spacy-stablediff.stability_scorer.v1`. Edits copies of the
    examples, and compares the component's vectors of both. For choosing the best
    model by stability too, give `stability_displacement` a negative weight in
    [training.score_weights], for lower is better, or `stability_identity` a positive
    one.

    augmenter (Optional[Callable[[Language, Example], Iterator[Example]]]): What edits
        the copies. By default `spacy-stablediff.edits.v1` with its defaults.
    limit (int): Number of examples to look at; 0 for all.
    seed (int): The seed >= 0 of all random choices.
    RETURNS (Callable[..., Dict[str, Any]]): The scorer.
    """
    augmenter = Edits(seed=seed) if augmenter is None else augmenter
    return partial(score_stability, augmenter=augmenter, limit=limit, seed=seed)


def score_stability(
    examples: Iterable[Example],
    *,
    nlp: Language,
    component: str,
    augmenter: Augmenter,
    limit: int = 0,
    seed: int = 0,
    **kwargs: Any,
) -> dict[str, Any]:
    """Score how stable a component's vectors are under small edits.

    examples (Iterable[Example]): The examples.
    nlp (Language): The pipeline that the component is part of.
    component (str): The component whose vectors to look at.
    augmenter (Callable[[Language, Example], Iterator[Example]]): What edits copies.
    limit (int): Number of examples to look at; 0 for all.
    seed (int): The seed >= 0 of all random choices.
    RETURNS (Dict[str, Any]): `stability_displacement`, the mean displacement relative
        to the spread, and `stability_identity`; None where there are no tokens.
    """
    filled = [eg for eg in examples if len(eg.predicted)]
    if not filled:
        return {"stability_displacement": None, "stability_identity": None}
    result = measure_pipeline(
        nlp,
        filled,
        {"edits": augmenter},
        component=component,
        limit=limit,
        seed=seed,
        scores=False,
        predict=False,
    ).edits["edits"]
    return {
        "stability_displacement": result.displacement.mean,
        "stability_identity": result.identity,
    }
