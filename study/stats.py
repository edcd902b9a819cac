"""Statistics over seeds."""

from collections import defaultdict
from collections.abc import Iterable
from math import sqrt
from statistics import fmean, stdev
from typing import NamedTuple

from .figures import Figures, Key


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


def pool_deviations(stats: Iterable[Stat]) -> float | None:
    """Pool standard deviations by their degrees of freedom; None where there are none."""
    squares = [(stat.n - 1, (stat.std or 0.0) ** 2) for stat in stats]
    freedom = sum(degrees for degrees, _ in squares)
    total = sum(degrees * square for degrees, square in squares)
    return sqrt(total / freedom) if freedom else None
