"""Differences between variants, over data sets, in runs that have all else in common."""

from collections import defaultdict
from math import sqrt
from statistics import fmean, stdev
from typing import NamedTuple

from scipy.stats import t as student

from .results import Line
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
    for data, *lines in list_pairs(study, other, embedding):
        if text in lines[0]["test"]:
            best, against = (line["test"][text]["score"] for line in lines)
            differences[data].append(best - against)
    means = [fmean(each) for each in differences.values()]
    return Difference(fmean(means), get_margin(means)) if means else None


def count_pairs(study: Study, other: str, embedding: str) -> tuple[int, int]:
    """Count the data sets, and the pairs of runs, on which the best and another one were run."""
    pairs = list_pairs(study, other, embedding)
    return len({data for data, _, _ in pairs}), len(pairs)


def list_pairs(study: Study, other: str, embedding: str) -> list[tuple[str, Line, Line]]:
    """List the data set, the best variant's line and the other's, of runs with the same seed."""
    return [
        (run.data, line, study.runs[run._replace(variant=other)])
        for run, line in study.runs.items()
        if (run.variant, run.embedding) == (study.best, embedding)
        and run._replace(variant=other) in study.runs
    ]


def get_margin(values: list[float]) -> float | None:
    """Return half the width of the confidence interval of a mean, None for a single value."""
    if len(values) < 2:
        return None
    quantile = float(student.ppf((1 + CONFIDENCE) / 2, len(values) - 1))
    return quantile * stdev(values) / sqrt(len(values))
