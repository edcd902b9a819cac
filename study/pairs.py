"""Differences between variants, over pairs of runs that have all else in common."""

from math import sqrt
from statistics import fmean, stdev
from typing import NamedTuple

from scipy.stats import t as student

from .summary import Study

CONFIDENCE = 0.95


class Difference(NamedTuple):
    """A mean difference of scores.

    mean (float): The mean over pairs of runs, of scores from 0 to 1.
    margin (Optional[float]): Half the width of its confidence interval, by Student's t; None
        for a single pair.
    pairs (int): The number of pairs.
    """

    mean: float
    margin: float | None
    pairs: int


def compare_best(study: Study, other: str, text: str) -> Difference | None:
    """Compare the best variant with another one on the test part.

    study (Study): The study.
    other (str): The other variant.
    text (str): "clean", or the name of an edit.
    RETURNS (Optional[Difference]): By how much the best scores more than the other one with the
        same data, embedding and seed; None where no pair has both.
    """
    differences = []
    for run, line in study.runs.items():
        against = study.runs.get(run._replace(variant=other))
        if run.variant == study.best and against is not None and text in line["test"]:
            scores = [each["test"][text]["score"] for each in (line, against)]
            differences.append(scores[0] - scores[1])
    if not differences:
        return None
    return Difference(fmean(differences), get_margin(differences), len(differences))


def get_margin(values: list[float]) -> float | None:
    """Return half the width of the confidence interval of a mean, None for a single value."""
    if len(values) < 2:
        return None
    quantile = float(student.ppf((1 + CONFIDENCE) / 2, len(values) - 1))
    return quantile * stdev(values) / sqrt(len(values))
