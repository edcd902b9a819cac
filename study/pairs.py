"""Differences between variants, over data sets, in runs that have all else in common."""

from collections import defaultdict
from math import sqrt
from statistics import fmean, stdev
from typing import NamedTuple

from scipy.stats import t as student

from .summary import Study

CONFIDENCE = 0.95


class Difference(NamedTuple):
    """A mean difference of scores.

    mean (float): The mean over data sets, of scores from 0 to 1.
    margin (Optional[float]): Half the width of its confidence interval, by Student's t; None
        for a single data set.
    """

    mean: float
    margin: float | None


def compare_best(study: Study, other: str, text: str, embedding: str) -> Difference | None:
    """Compare the best variant with another one on the test part.

    Seeds of a data set are no independent observations of what other data would show. So they
    are averaged, and data sets are counted.

    study (Study): The study.
    other (str): The other variant.
    text (str): "clean", or the name of an edit.
    embedding (str): The embedding.
    RETURNS (Optional[Difference]): By how much the best scores more than the other one with the
        same data and seed; None where no pair has both.
    """
    differences: dict[str, list[float]] = defaultdict(list)
    for run, line in study.runs.items():
        against = study.runs.get(run._replace(variant=other))
        is_best = (run.variant, run.embedding) == (study.best, embedding)
        if is_best and against is not None and text in line["test"]:
            scores = [each["test"][text]["score"] for each in (line, against)]
            differences[run.data].append(scores[0] - scores[1])
    means = [fmean(each) for each in differences.values()]
    return Difference(fmean(means), get_margin(means)) if means else None


def count_pairs(study: Study, other: str, embedding: str) -> tuple[int, int]:
    """Count the data sets, and the pairs of runs, on which the best and another one were run."""
    pairs = [
        run.data
        for run in study.runs
        if (run.variant, run.embedding) == (study.best, embedding)
        and run._replace(variant=other) in study.runs
    ]
    return len(set(pairs)), len(pairs)


def get_margin(values: list[float]) -> float | None:
    """Return half the width of the confidence interval of a mean, None for a single value."""
    if len(values) < 2:
        return None
    quantile = float(student.ppf((1 + CONFIDENCE) / 2, len(values) - 1))
    return quantile * stdev(values) / sqrt(len(values))
