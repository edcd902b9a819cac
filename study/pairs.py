"""Differences between variants, over data sets, in runs that have all else in common."""

from collections import defaultdict
from statistics import fmean
from typing import NamedTuple

from .figures import Key, read_figures
from .plan import list_edits
from .results import Line
from .stats import describe, get_margin, merge_same_texts
from .summary import Study


class Difference(NamedTuple):
    """A mean difference of scores.

    mean (float): The mean over data sets, of scores from 0 to 1, in which those of the same
        texts count once.
    margin (Optional[float]): Half the width of its confidence interval, by Student's t; None
        for a single data set.
    """

    mean: float
    margin: float | None


def compare(study: Study, variant: str, other: str, key: Key, embedding: str) -> Difference | None:
    """Compare two variants, by how much the one scores more with the same data and seed.

    Seeds of a data set are no independent observations of what other data would show, nor are
    other labels of the same texts. So they are averaged, and sets of texts are counted.

    study (Study): The study.
    variant (str): The one variant.
    other (str): The other.
    key (Key): The score.
    embedding (str): The embedding.
    RETURNS (Optional[Difference]): The difference; None where no pair has both.
    """
    differences = list_differences(study, variant, other, key, embedding)
    by_data = {data: fmean(each) for data, each in differences.items()}
    means = merge_same_texts(study.plan, by_data)
    return Difference(fmean(means), get_margin(describe(means))) if means else None


def list_differences(
    study: Study, variant: str, other: str, key: Key, embedding: str
) -> dict[str, list[float]]:
    """List the differences between two variants of the same seed, by data sets."""
    differences: dict[str, list[float]] = defaultdict(list)
    for data, *lines in list_pairs(study, variant, other, embedding):
        edits = list_edits(study.plan, data)
        one, another = (read_figures(line, edits).get(key) for line in lines)
        if one is not None and another is not None:
            differences[data].append(one - another)
    return differences


def count_pairs(study: Study, variant: str, other: str, embedding: str) -> tuple[int, int]:
    """Count the data sets, and the pairs of runs, on which two variants were run."""
    pairs = list_pairs(study, variant, other, embedding)
    return len({data for data, _, _ in pairs}), len(pairs)


def list_pairs(
    study: Study, variant: str, other: str, embedding: str
) -> list[tuple[str, Line, Line]]:
    """List the data set, the one variant's line and the other's, of runs with the same seed."""
    return [
        (run.data, line, study.runs[run._replace(variant=other)])
        for run, line in study.runs.items()
        if (run.variant, run.embedding) == (variant, embedding)
        and run._replace(variant=other) in study.runs
    ]
