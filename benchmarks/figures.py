"""What the times of a benchmark say: medians, ratios, fitted exponents."""

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy

Json: TypeAlias = dict[str, Any]


def find(contestants: Sequence[Json], name: str) -> Json:
    """Return the contestant of that name."""
    return next(contestant for contestant in contestants if contestant["name"] == name)


def median(contestant: Json) -> float:
    """Return the median of a contestant's seconds."""
    return float(numpy.median(contestant["seconds"]))


def ratio(contestants: Sequence[Json], name: str, base: str) -> float:
    """Return the median, over the rounds, of one contestant's time as a multiple of another's.

    Contestants of one round ran right after each other, so that what slows the machine
    for a while cancels out.
    """
    above, below = (find(contestants, key)["seconds"] for key in (name, base))
    rounds = min(len(above), len(below))
    return float(numpy.median(numpy.divide(above[:rounds], below[:rounds])))


def fit_exponent(points: Sequence[Json], smallest: int = 0) -> float:
    """Fit time = a * tokens^p by least squares of the logarithms, and return p.

    points (Sequence[Json]): Points of a curve.
    smallest (int): Leave out points of fewer tokens, where fixed costs hide the growth.
    RETURNS (float): The exponent.
    """
    chosen = [point for point in points if point["tokens"] >= smallest]
    sizes = numpy.log([point["tokens"] for point in chosen])
    return float(numpy.polyfit(sizes, numpy.log([median(point) for point in chosen]), 1)[0])
