"""Counts that a later training takes up."""

from collections import Counter
from typing import Any

import numpy

from ..types import Array


class Tally:
    """How often things were seen in training, by their ids.

    After a training that followed another one, the larger of the two counts stands.
    """

    def __init__(self, counts: Counter[int] | None = None) -> None:
        """Begin a training.

        counts (Optional[Counter[int]]): What was counted before.
        """
        self.counts = Counter() if counts is None else counts
        self._training: Counter[int] = Counter()

    def add(self, ids: Array) -> list[int]:
        """Count things, each as often as it occurs, and return them, each once."""
        unique, times = numpy.unique(ids, return_counts=True)
        self._training.update(dict(zip(unique.tolist(), times.tolist(), strict=True)))
        for number in unique.tolist():
            self.counts[number] = max(self.counts[number], self._training[number])
        return unique.tolist()

    def to_message(self) -> dict[str, Any]:
        """Return the counts as arrays, for serialization."""
        ids = numpy.fromiter(self.counts, dtype="uint64")
        return {"ids": ids, "counts": numpy.fromiter(self.counts.values(), dtype="uint32")}

    @classmethod
    def from_message(cls, message: dict[str, Any]) -> "Tally":
        """Return the tally with these counts."""
        pairs = zip(message["ids"].tolist(), message["counts"].tolist(), strict=True)
        return cls(Counter(dict(pairs)))
