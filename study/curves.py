"""How the score on the development part goes on behind the checkpoint that was chosen by it."""

from collections.abc import Iterable, Sequence
from statistics import fmean
from typing import NamedTuple

# The step of an evaluation, and its score from 0 to 1.
Evaluation = Sequence[float]


class Course(NamedTuple):
    """A development score in the course of trainings.

    best (float): The best score, by which the checkpoint is chosen.
    later (float): The mean of those behind it, until training ended.
    """

    best: float
    later: float


def describe_curve(evaluations: Iterable[Evaluation]) -> Course | None:
    """Describe the evaluations of a training, in their order; None if none is behind the best.

    Of several best ones spaCy keeps the last.
    """
    scores = [score for _, score in evaluations]
    best = max(range(len(scores)), key=lambda index: (scores[index], index), default=0)
    later = scores[best + 1 :]
    return Course(scores[best], fmean(later)) if later else None
