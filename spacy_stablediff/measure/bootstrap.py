"""How far figures may be off because the documents are but a sample: the bootstrap.

In each resample a document counts a random number of times, by the Poisson distribution
of mean 1 (Hanley and MacGibbon, Creating non-parametric bootstrap samples using Poisson
frequencies, 2006). So a stream of documents needs no memory, and pipelines that are
measured on the same documents with the same seed are resampled alike. The number depends on
the document's place in the corpus alone, so that parts of a corpus can be measured apart.
"""

from collections.abc import Sequence
from typing import Any

import numpy

from ..draws import Draws
from ..types import Array

REPLICATES = 200
LEVEL = 0.95

# With fewer documents the resamples are too much alike to tell anything.
FEWEST = 5

# Quantiles are counted in bins that grow by this share, from the lowest value up.
# The bins reach from values far below those of any embedding to far above.
RESOLUTION, LOWEST, BINS = 0.02, 1e-10, 2400


class Resampling:
    """Draws how often documents count in each resample."""

    def __init__(self, seed: int) -> None:
        """Choose the random numbers.

        seed (int): Their seed.
        """
        self._draws = Draws(seed, purpose=REPLICATES)

    def draw(self, places: Sequence[int]) -> Array:
        """Draw for documents.

        places (Sequence[int]): Their places in the corpus.
        RETURNS (Ints2d): Shape (documents, REPLICATES).
        """
        return numpy.array([self._draws.at(place).poisson(1.0, REPLICATES) for place in places])


class Ratio:
    """A sum over documents divided by another, and the same in each resample."""

    def __init__(self) -> None:
        """Begin with no documents."""
        self._sums = numpy.zeros(2)
        self._resampled = numpy.zeros((2, REPLICATES))
        self._documents = 0
        self._counted = 0

    def add(self, above: float, below: float, times: Array) -> None:
        """Add a document.

        above (float): What it adds to the numerator.
        below (float): What it adds to the denominator.
        times (Ints1d): How often it counts in each resample, shape (REPLICATES,).
        """
        both = numpy.asarray([above, below], dtype="float64")
        self._sums += both
        self._resampled += both[:, None] * times
        self._documents += 1
        self._counted += below > 0

    def merge(self, other: "Ratio") -> None:
        """Add the documents of another one.

        Sums of whole numbers are exact. Of others the last bits depend on the order.

        other (Ratio): The other one.
        """
        self._sums += other._sums
        self._resampled += other._resampled
        self._documents += other._documents
        self._counted += other._counted

    @property
    def is_empty(self) -> bool:
        """Whether no document was added."""
        return self._documents == 0

    @property
    def value(self) -> float | None:
        """The ratio, None where its denominator is 0."""
        return float(self._sums[0] / self._sums[1]) if self._sums[1] else None

    @property
    def replicates(self) -> Array:
        """The ratio in each resample, as `resample` gives it."""
        return self.resample()

    def resample(self, missing: float = numpy.nan, fewest: int = FEWEST) -> Array:
        """Find the ratio in each resample.

        missing (float): What it is where its denominator is 0.
        fewest (int): How many documents must add to the denominator.
        RETURNS (Floats1d): Shape (REPLICATES,), all nan where fewer documents do.
        """
        if self._counted < fewest:
            return numpy.full(REPLICATES, numpy.nan)
        above, below = self._resampled
        return numpy.divide(above, below, out=numpy.full(REPLICATES, missing), where=below > 0)


class Quantile:
    """A quantile of a stream of values >= 0 in each resample, to two per cent."""

    def __init__(self, level: float) -> None:
        """Begin with no values.

        level (float): Which quantile, from 0 to 1.
        """
        self._level = level
        self._counts = _no_counts()
        self._documents = 0

    def add(self, values: Array, times: Array) -> None:
        """Add the values of a document.

        values (Floats1d): The values.
        times (Ints1d): How often the document counts in each resample.
        """
        logs = numpy.log(numpy.maximum(values, LOWEST) / LOWEST) / RESOLUTION
        bins, counts = numpy.unique(logs.astype("int64").clip(max=BINS - 1), return_counts=True)
        self._counts[bins] += counts[:, None] * times.astype("int32")
        self._documents += len(values) > 0

    def merge(self, other: "Quantile") -> None:
        """Add the values of another one, exactly.

        other (Quantile): The other one, of the same level.
        """
        self._counts += other._counts
        self._documents += other._documents

    def __getstate__(self) -> dict[str, Any]:
        """Leave out bins without values, which most are."""
        bins = numpy.flatnonzero(self._counts.any(axis=1))
        return {**vars(self), "_counts": (bins, self._counts[bins])}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Put them in again."""
        vars(self).update(state)
        bins, counts = state["_counts"]
        self._counts = _no_counts()
        self._counts[bins] = counts

    @property
    def replicates(self) -> Array:
        """The quantile in each resample, nan where there are no values, or too few documents."""
        if self._documents < FEWEST:
            return numpy.full(REPLICATES, numpy.nan)
        totals = self._counts.sum(axis=0)
        places = (self._counts.cumsum(axis=0) < self._level * totals).sum(axis=0)
        return numpy.where(totals > 0, LOWEST * numpy.exp(RESOLUTION * (places + 0.5)), numpy.nan)


def _no_counts() -> Array:
    return numpy.zeros((BINS, REPLICATES), dtype="int32")


def find_interval(replicates: Array) -> tuple[float, float] | None:
    """Find the interval that holds most of a figure's replicates.

    replicates (Floats1d): The figure in each resample, nan where it has none.
    RETURNS (Optional[Tuple[float, float]]): The ends of the interval of level `LEVEL`; None
        where the figure is missing in too many resamples.
    """
    known: Any = replicates[~numpy.isnan(replicates)]
    if len(known) < REPLICATES / 2:
        return None
    low, high = numpy.quantile(known, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)
