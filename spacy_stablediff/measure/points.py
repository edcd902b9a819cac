"""The edits of a measurement: each by its name, those of curves by name and rate."""

from collections.abc import Mapping
from typing import NamedTuple, TypeAlias

from ..errors import Errors
from ..types import Augmenter
from .defaults import Curves


class Point(NamedTuple):
    """A point of a curve: an edit at a rate."""

    curve: str
    rate: float


Key: TypeAlias = str | Point  # of an edit


def list_edits(edits: Mapping[str, Augmenter], curves: Curves | None) -> dict[Key, Augmenter]:
    """List all augmenters, those of curves too.

    edits (Mapping[str, Callable[[Language, Example], Iterator[Example]]]): Augmenters.
    curves (Optional[Mapping[str, Mapping[float, Callable]]]): Those of curves, by rate.
    RETURNS (Dict[Union[str, Point], Callable]): The augmenters.
    RAISES (ValueError): SD110 if there are no edits, SD129 if one is called "clean".
    """
    if not edits:
        raise ValueError(Errors.SD110)
    if "clean" in edits:
        raise ValueError(Errors.SD129)
    every: dict[Key, Augmenter] = {}
    every.update(edits)
    for curve, rates in (curves or {}).items():
        every |= {Point(curve, rate): rates[rate] for rate in sorted(rates)}
    return every
