"""Stability training: a loss on how far the vectors of a text move when it is edited.

With y the diffused vectors of a batch's tokens and y' those of an edited copy,

    L = mean over aligned tokens of |y' - y|^2 / Var(y),

where Var(y) is the variance over all tokens and channels of the batch, so that the
loss can't be lowered by shrinking the vectors. Zheng, Song, Leung and Goodfellow,
Improving the robustness of deep neural networks via stability training (CVPR 2016).
"""

import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeAlias

import numpy
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example
from thinc.api import Ops
from thinc.types import Floats2d, Ints1d

from ..errors import Errors
from ..layers.common import is_number
from .alignment import Array, align

Augmenter: TypeAlias = Callable[[Language, Example], Iterator[Example]]


class EditedBatch(NamedTuple):
    """Edited copies of a batch's documents, aligned with them.

    docs (List[Doc]): The edited documents.
    rows (Ints1d): Tokens of all edited documents, one after the other, that have a
        counterpart.
    clean_rows (Ints1d): For each of those its counterpart among the tokens of all
        clean documents.
    """

    docs: list[Doc]
    rows: Array
    clean_rows: Array


class StabilityObjective:
    """What a `stablediff` component's setting `stability` asks for."""

    def __init__(self, name: str, weight: float | Iterator[float], augmenter: Augmenter) -> None:
        """Check the settings.

        name (str): The component to name in errors.
        weight (Union[float, Iterator[float]]): Weight >= 0 of the loss, or a schedule
            of it, from which each update of the component takes the next value.
        augmenter (Callable[[Language, Example], Iterator[Example]]): Makes the edits.
        RAISES (ValueError): SD024 if the weight is negative or not a number.
        """
        is_weight = is_number(weight) and math.isfinite(weight) and weight >= 0
        if not is_weight and not isinstance(weight, Iterator):
            raise ValueError(Errors.SD024.format(name=name, value=weight))
        self.weight = 0.0 if isinstance(weight, Iterator) else float(weight)
        self.schedule = weight if isinstance(weight, Iterator) else None
        self.augmenter = augmenter

    def __getstate__(self) -> dict[str, Any]:
        """Copy and pickle without the schedule, a generator: the weight stays where it is."""
        return {**self.__dict__, "schedule": None}

    @property
    def is_on(self) -> bool:
        """Whether the loss has, or is going to have, any weight."""
        return self.weight > 0 or self.schedule is not None

    def next_weight(self) -> float:
        """Return the weight for the next update."""
        if self.schedule is not None:
            self.weight = float(next(self.schedule))
        return self.weight

    def edit(self, nlp: Language, examples: list[Example]) -> EditedBatch:
        """Edit a batch of documents.

        nlp (Language): The pipeline.
        examples (List[Example]): The examples, of which the predicted documents count.
        RETURNS (EditedBatch): The copies that differ from their documents.
        """
        docs, rows, clean_rows = [], [], []
        start, clean_start = 0, 0
        for eg in examples:
            for edited in self.augmenter(nlp, eg):
                if edited.predicted.text != eg.predicted.text:
                    alignment = align(eg.predicted, edited.predicted)
                    aligned = numpy.flatnonzero(alignment >= 0)
                    docs.append(edited.predicted)
                    rows.append(start + aligned)
                    clean_rows.append(clean_start + alignment[aligned])
                    start += len(edited.predicted)
            clean_start += len(eg.predicted)
        return EditedBatch(docs, _join(rows), _join(clean_rows))


def stability_loss(
    ops: Ops, clean: Floats2d, edited: Floats2d, clean_rows: Ints1d, rows: Ints1d
) -> tuple[float, Floats2d, Floats2d]:
    """Compute the loss and its gradients.

    ops (Ops): The ops of the arrays.
    clean (Floats2d): Vectors of all clean tokens, shape (clean tokens, width).
    edited (Floats2d): Vectors of all edited tokens, shape (edited tokens, width).
    clean_rows (Ints1d): Counterparts of `rows` in `clean`.
    rows (Ints1d): The edited tokens that have one, shape (aligned tokens,).
    RETURNS (Tuple[float, Floats2d, Floats2d]): The loss, 0 where all clean vectors
        are equal, and its gradients for `clean` and `edited`.
    """
    d_clean, d_edited = ops.xp.zeros_like(clean), ops.xp.zeros_like(edited)
    if not len(rows):
        return 0.0, d_clean, d_edited
    deviation = clean - ops.xp.mean(clean)
    variance = float(ops.xp.mean(deviation**2))
    if variance == 0:
        return 0.0, d_clean, d_edited
    moved = edited[rows] - clean[clean_rows]
    loss = float(ops.xp.sum(moved**2)) / (len(rows) * variance)
    gradient = moved * (2 / (len(rows) * variance))
    ops.scatter_add(d_edited, rows, gradient)
    ops.scatter_add(d_clean, clean_rows, -gradient)
    d_clean -= deviation * (2 * loss / (variance * clean.size))
    return loss, d_clean, d_edited


def _join(rows: list[Array]) -> Array:
    return numpy.concatenate([*rows, numpy.zeros(0)]).astype("int32")
