"""A scorer for training: how stable vectors and scores are under edits."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from itertools import pairwise
from statistics import fmean
from typing import Any

import numpy
from spacy.language import Language
from spacy.training import Example

from ..edits.augmenter import Edits
from ..edits.forgetting import forget_new_words
from ..edits.seeded import SeededAugmenter
from ..types import Augmenter
from .bootstrap import REPLICATES
from .data import copy_tokens
from .measure import check_numbers, measure_pipeline
from .scoring import ScoreTally


def make_stability_scorer(
    augmenter: Augmenter | None = None,
    limit: int = 0,
    seed: int = 0,
    rates: list[float] = [],  # noqa: B006
) -> Callable[..., dict[str, Any]]:
    """Create a scorer for the setting `scorer` of a `stablediff` component.

    Registered as `spacy-stablediff.stability_scorer.v1`. Edits copies of the
    examples, and compares the component's vectors of both. For choosing the best
    model by stability too, give `stability_displacement` a negative weight in
    [training.score_weights], for lower is better, or `stability_identity` a positive
    one. With rates it also runs the pipeline on texts with so many letters mistyped, and
    scores the area under the curve of its scores; choose by `stability_area` for a
    pipeline that bears noise.

    augmenter (Optional[Callable[[Language, Example], Iterator[Example]]]): What edits
        the copies. By default `spacy-stablediff.edits.v1` with its defaults.
    limit (int): Number of examples to look at; 0 for all.
    seed (int): The seed >= 0 of all random choices.
    rates (List[float]): Shares of the letters that are mistyped, such as 0.05, 0.1 and 0.2,
        for the curve; by default none. Each takes a run of the pipeline.
    RETURNS (Callable[..., Dict[str, Any]]): The scorer.
    RAISES (ValueError): SD100 for a rate that is not a number from 0 to 1, SD108 for a limit that
        is no whole number of at least 0.
    """
    check_numbers(limit=limit)
    augmenter = Edits(seed=seed) if augmenter is None else augmenter
    curve = {rate: Edits(0.0, 0.0, 0.0, seed, letters=rate) for rate in (0.0, *rates)}
    return partial(score_stability, augmenter=augmenter, limit=limit, seed=seed, curve=curve)


def score_stability(
    examples: Iterable[Example],
    *,
    nlp: Language,
    component: str,
    augmenter: Augmenter,
    limit: int = 0,
    seed: int = 0,
    curve: Mapping[float, SeededAugmenter] = {},
    **kwargs: Any,
) -> dict[str, Any]:
    """Score how stable a component's vectors are under small edits.

    examples (Iterable[Example]): The examples.
    nlp (Language): The pipeline that the component is part of.
    component (str): The component whose vectors to look at.
    augmenter (Callable[[Language, Example], Iterator[Example]]): What edits copies.
    limit (int): Number of examples to look at; 0 for all.
    seed (int): The seed >= 0 of all random choices.
    curve (Mapping[float, Edits]): Edits by rate, of which the curve of scores is made.
    RETURNS (Dict[str, Any]): `stability_displacement`, the mean displacement relative
        to the spread, and `stability_identity`; with more than one point of a curve
        `stability_area`, the mean height of the curve. None where there is nothing to
        average.
    """
    filled = [eg for eg in examples if len(eg.predicted)]
    area = {"stability_area": None} if len(curve) > 1 else {}
    if not filled:
        return {"stability_displacement": None, "stability_identity": None, **area}
    # The vocab is saved with the pipeline, and must not keep what is misspelt here.
    with forget_new_words(nlp.vocab):
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
        areas = {key: measure_area(nlp, filled[: limit or None], curve) for key in area}
    return {
        "stability_displacement": result.displacement.mean,
        "stability_identity": result.identity,
        **areas,
    }


def measure_area(
    nlp: Language, examples: list[Example], curve: Mapping[float, SeededAugmenter]
) -> float | None:
    """Measure the mean height of the curve of a pipeline's scores against a rate.

    nlp (Language): The pipeline.
    examples (List[Example]): The examples, with gold annotation.
    curve (Mapping[float, Edits]): Edits by rate, two at least.
    RETURNS (Optional[float]): The height, of which the scores of categories and entities
        are averaged, as far as the pipeline predicts them; None without gold annotation of
        what it predicts.
    """
    rates = sorted(curve)
    heights = [_score(nlp, examples, curve[rate].restarted()) for rate in rates]
    known = [height for height in heights if height is not None]
    if len(known) < len(rates):
        return None
    widths = [after - before for before, after in pairwise(rates)]
    areas = [width * (a + b) / 2 for width, (a, b) in zip(widths, pairwise(known), strict=True)]
    return sum(areas) / sum(widths)


def _score(nlp: Language, examples: list[Example], edits: SeededAugmenter) -> float | None:
    """Score a pipeline on edited examples: categories and entities, averaged."""
    edited = [copy for eg in examples for copy in edits(nlp, eg)]
    tally, once = ScoreTally(nlp), numpy.ones(REPLICATES)
    docs = nlp.pipe([copy_tokens(eg.predicted.vocab, eg.predicted) for eg in edited])
    for doc, eg in zip(docs, edited, strict=True):
        tally.add(Example(doc, eg.reference), once)
    scores = tally.values.values()
    return fmean(scores) if scores else None
