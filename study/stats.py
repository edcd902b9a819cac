"""Statistics over seeds."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from math import sqrt
from statistics import fmean, stdev
from typing import NamedTuple

from scipy.stats import t as student

from .figures import Figures, Key
from .plan import Plan, find_texts

# How sure an interval is to have the true value.
CONFIDENCE = 0.95


class Stat(NamedTuple):
    """A figure over the seeds.

    mean (float): The mean.
    std (Optional[float]): The sample standard deviation, which one seed doesn't have.
    n (int): The number of seeds.
    """

    mean: float
    std: float | None
    n: int


Stats = dict[Key, Stat]


def describe_runs(runs: Iterable[Figures]) -> Stats:
    """Return the statistics of every figure that some of the runs have."""
    values: dict[Key, list[float]] = defaultdict(list)
    for figures in runs:
        for key, value in figures.items():
            if value is not None:
                values[key].append(value)
    return {key: describe(each) for key, each in values.items()}


def describe(values: list[float]) -> Stat:
    """Return the statistics of one figure."""
    return Stat(fmean(values), stdev(values) if len(values) > 1 else None, len(values))


def merge_same_texts(
    plan: Plan, values: Mapping[str, float], merge: Callable[[list[float]], float] = fmean
) -> list[float]:
    """Merge what was measured on data sets of the same texts, which are no two observations.

    plan (Plan): The plan.
    values (Mapping[str, float]): Values by data set.
    merge (Callable[[List[float]], float]): Makes one value of several, by default the mean.
    RETURNS (List[float]): A value for each set of texts.
    """
    merged: dict[str, list[float]] = defaultdict(list)
    for data, value in values.items():
        merged[find_texts(plan, data)].append(value)
    return [merge(each) for each in merged.values()]


def pool_deviations(stats: Iterable[Stat]) -> float | None:
    """Pool standard deviations by their degrees of freedom; None where there are none."""
    squares = [(stat.n - 1, (stat.std or 0.0) ** 2) for stat in stats]
    freedom = sum(degrees for degrees, _ in squares)
    total = sum(degrees * square for degrees, square in squares)
    return sqrt(total / freedom) if freedom else None


def get_margin(*stats: Stat) -> float | None:
    """Return half the width of the confidence interval of a mean, or of the difference of means.

    Seeds of the one have nothing to do with those of the other, and may be spread differently.
    (Welch, The generalization of "Student's" problem when several different population
    variances are involved, Biometrika 34, 1947; of one mean it is Student's t.)

    stats (Stat): The figure, or those that are compared.
    RETURNS (Optional[float]): Half the width; None where one of them is a single value.
    """
    parts = [(stat.std**2 / stat.n, stat.n - 1) for stat in stats if stat.std is not None]
    if len(parts) < len(stats):
        return None
    variance = sum(part for part, _ in parts)
    if not variance:
        return 0.0
    freedom = variance**2 / sum(part**2 / degrees for part, degrees in parts)
    return float(student.ppf((1 + CONFIDENCE) / 2, freedom)) * sqrt(variance)
