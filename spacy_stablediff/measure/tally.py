"""Figures that are kept up to date while documents go by, in constant memory."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy
from scipy.spatial.distance import pdist

from ..draws import Draws
from ..types import Array
from .bootstrap import REPLICATES, Quantile, Ratio, find_interval
from .comparison import Comparison, relative_to, top_category
from .result import Displacement, EditStability, Histogram

# Number of displacements of which the 95th percentile is found. Of a larger corpus
# it is a random sample: the percentile found is then the 95th give or take 0.07.
SAMPLED_DISPLACEMENTS = 100_000

# The percentile that stands for the large displacements.
TAIL = 95

# Number of tokens of which the spread is found, from all pairs of them.
SAMPLED_TOKENS = 2000

# The histogram of displacements, in multiples of the spread: its bins, and where the last one
# begins.
BINS, LAST_BIN = 21, 1.0


class Reservoir:
    """A uniform random sample of the rows of all documents: all of them while they are few.

    Each row draws a number, and the rows with the lowest ones are kept (Cohen and
    Kaplan, Summarizing data using bottom-k sketches, 2007). Which ones depends on the
    seed, the documents' places and their numbers of rows alone: not on the order in which
    they come, nor on which were merged from where.
    """

    def __init__(self, size: int, seed: int) -> None:
        """Make an empty reservoir.

        size (int): Number of rows to keep.
        seed (int): The seed of the random numbers.
        """
        self._size = size
        self._random = Draws(seed, purpose=size)
        self._limit = numpy.inf
        self._draws: list[Array] = []
        self._places: list[Array] = []
        self._rows: list[Array] = []
        self._count = 0

    def add(self, rows: Array, place: int, copy: int = 0) -> None:
        """Add the rows of a document.

        rows (Array): Shape (rows, ...).
        place (int): The document's place in the corpus.
        copy (int): Which copy of the document it is, from 0.
        """
        draws = self._random.at(place, copy).random(len(rows))
        self._append(draws, numpy.full(len(rows), place), rows)

    def merge(self, other: "Reservoir") -> None:
        """Add the rows of other documents, as if they had been added here.

        other (Reservoir): Their sample, of the same size and seed.
        """
        for draws, places, rows in zip(other._draws, other._places, other._rows, strict=True):
            if len(draws):
                self._append(draws, places, rows)

    @property
    def rows(self) -> Array:
        """The sample, in the order of the corpus, shape (rows, ...); (0,) if there are no rows."""
        self._shrink()
        return self._rows[0][numpy.argsort(self._places[0], kind="stable")]

    def _append(self, draws: Array, places: Array, rows: Array) -> None:
        low = draws < self._limit
        self._draws.append(draws[low])
        self._places.append(places[low])
        self._rows.append(rows[low])
        self._count += int(low.sum())
        if self._count > 2 * self._size:
            self._shrink()

    def _shrink(self) -> None:
        draws = numpy.concatenate([*self._draws, []])
        places = numpy.concatenate([*self._places, []])
        rows = numpy.concatenate(self._rows) if self._rows else draws
        if len(draws) > self._size:
            kept = numpy.sort(numpy.argpartition(draws, self._size)[: self._size])
            draws, places, rows = draws[kept], places[kept], rows[kept]
            self._limit = draws.max()
        self._draws, self._places, self._rows = [draws], [places], [rows]
        self._count = len(draws)


class Spread:
    """The mean distance between the vectors of random pairs of tokens."""

    def __init__(self, seed: int) -> None:
        self._sample = Reservoir(SAMPLED_TOKENS, seed)

    def add(self, vectors: Array, place: int) -> None:
        """Add the vectors of a document.

        vectors (Floats2d): Shape (tokens, width).
        place (int): The document's place in the corpus.
        """
        self._sample.add(vectors, place)

    def merge(self, other: "Spread") -> None:
        """Add the vectors of other documents, exactly."""
        self._sample.merge(other._sample)

    @property
    def value(self) -> float | None:
        """The mean distance, over all pairs of the sample; None without a pair."""
        vectors = self._sample.rows
        has_pair = len(vectors) > 1 and vectors.shape[1]
        return float(pdist(vectors).mean()) if has_pair else None


class Agreement:
    """The F-score of what is found in edited text against what is found in clean text."""

    def __init__(self) -> None:
        """Begin with no documents."""
        self._ratio = Ratio()

    def add(self, clean: set, edited: set, times: Array) -> None:
        """Add what was found in a document.

        clean (Set): What was found in the clean document.
        edited (Set): What was found in the edited one, in terms of the clean one.
        times (Ints1d): How often the document counts in each resample.
        """
        self._ratio.add(2 * len(clean & edited), len(clean) + len(edited), times)

    def merge(self, other: "Agreement") -> None:
        """Add the documents of another one, exactly."""
        self._ratio.merge(other._ratio)

    @property
    def value(self) -> float | None:
        """F, 1 where nothing was found in either; None if there were no documents."""
        if self._ratio.is_empty:
            return None
        return 1.0 if self._ratio.value is None else self._ratio.value

    @property
    def replicates(self) -> Array:
        """F in each resample: as certain as it is where nothing was found in any document."""
        nowhere = self._ratio.value is None and not self._ratio.is_empty
        return numpy.ones(REPLICATES) if nowhere else self._ratio.resample(missing=1.0)


class EditTally:
    """The figures of one kind of edit, kept up to date."""

    def __init__(self, seed: int, classes: Sequence[Sequence[str]] = ()) -> None:
        """Begin with no documents.

        seed (int): The seed of the random sample for the 95th percentile.
        classes (Sequence[Sequence[str]]): The categories of each text classifier; without any,
            all categories of a document are taken for those of one.
        """
        self._classes = classes
        self._distance, self._edited, self._unedited = Ratio(), Ratio(), Ratio()
        self._sample = Reservoir(SAMPLED_DISPLACEMENTS, seed)
        self._tail = Quantile(TAIL / 100)
        self._identity = Ratio()
        self._flips = Ratio()
        self._flips_by_label: dict[str, Ratio] = defaultdict(Ratio)
        self._agreement = Agreement()
        self._agreement_by_label: dict[str, Agreement] = defaultdict(Agreement)
        self.has_changes = False

    def add(self, comparison: Comparison, times: Array, place: int, copy: int = 0) -> None:
        """Add an edited document.

        comparison (Comparison): The document compared with the clean one.
        times (Ints1d): How often the document counts in each resample.
        place (int): The place of the clean one in the corpus.
        copy (int): Which edited copy of that one it is, from 0.
        """
        self.has_changes |= comparison.clean.text != comparison.edited.text
        if comparison.has_vectors:
            self._add_vectors(comparison, times, place, copy)
        self._add_category(comparison, times)
        if comparison.clean.has_annotation("ENT_IOB"):
            self._add_entities(comparison, times)

    def _add_vectors(self, comparison: Comparison, times: Array, place: int, copy: int) -> None:
        distance, changed = comparison.distance, comparison.changed[comparison.aligned]
        for ratio, values in (
            (self._distance, distance),
            (self._edited, distance[changed]),
            (self._unedited, distance[~changed]),
            (self._identity, comparison.identity),
        ):
            ratio.add(values.sum(), len(values), times)
        self._sample.add(distance, place, copy)
        self._tail.add(distance, times)

    def merge(self, other: "EditTally") -> None:
        """Add the documents of another one: exactly, but for the last bits of sums of distances.

        other (EditTally): The other one, of the same edit and seed.
        """
        for ours, theirs in (
            (self._distance, other._distance),
            (self._edited, other._edited),
            (self._unedited, other._unedited),
            (self._identity, other._identity),
            (self._flips, other._flips),
        ):
            ours.merge(theirs)
        self.has_changes |= other.has_changes
        self._sample.merge(other._sample)
        self._tail.merge(other._tail)
        self._agreement.merge(other._agreement)
        for label, ratio in other._flips_by_label.items():
            self._flips_by_label[label].merge(ratio)
        for label, agreement in other._agreement_by_label.items():
            self._agreement_by_label[label].merge(agreement)

    def finish(
        self,
        spread: float | None,
        scores: dict[str, Any] | None,
        score_replicates: dict[str, Array],
    ) -> EditStability:
        """Return the figures.

        spread (Optional[float]): The mean distance between random pairs of tokens.
        scores (Optional[Dict[str, Any]]): spaCy's scores of the edited documents.
        score_replicates (Dict[str, Floats1d]): Scores in each resample.
        RETURNS (EditStability): The figures.
        """
        distances = self._sample.rows
        p95 = float(numpy.percentile(distances, TAIL)) if len(distances) else None
        moved = {"mean": self._distance, "edited": self._edited, "unedited": self._unedited}
        distances_resampled: dict[str, Any] = {**moved, "p95": self._tail}
        replicates = {
            **{
                name: each.replicates / (spread or numpy.nan)
                for name, each in distances_resampled.items()
            },
            "identity": self._identity.replicates,
            "cats_flips": self._flips.replicates,
            "ents_agreement": self._agreement.replicates,
            **score_replicates,
        }
        return EditStability(
            displacement=Displacement(
                raw=self._distance.value,
                p95=relative_to(p95, spread),
                **{name: relative_to(ratio.value, spread) for name, ratio in moved.items()},
            ),
            identity=self._identity.value,
            cats_flips=self._flips.value,
            ents_agreement=self._agreement.value,
            scores=scores,
            labels={
                "cats_flips": _get_values(self._flips_by_label),
                "ents_agreement": _get_values(self._agreement_by_label),
            },
            histogram=_make_histogram(distances, spread),
            intervals={name: find_interval(values) for name, values in replicates.items()},
            replicates=replicates,
        )

    def _add_category(self, comparison: Comparison, times: Array) -> None:
        clean, edited = comparison.clean.cats, comparison.edited.cats
        flips = {}
        for labels in self._classes or [tuple(clean)]:
            category, other = (top_category(cats, labels) for cats in (clean, edited))
            if category is not None:
                flips[category] = category != other
        for category, has_flipped in flips.items():
            self._flips_by_label[category].add(has_flipped, 1, times)
        if flips:
            self._flips.add(any(flips.values()), 1, times)

    def _add_entities(self, comparison: Comparison, times: Array) -> None:
        clean, edited = comparison.find_entities()
        self._agreement.add(clean, edited, times)
        for label in sorted({label for label, _ in clean | edited}):
            before, after = ({ent for ent in ents if ent[0] == label} for ents in (clean, edited))
            self._agreement_by_label[label].add(before, after, times)


def _get_values(tallies: dict[str, Any]) -> dict[str, float | None]:
    return {label: tallies[label].value for label in sorted(tallies)}


def _make_histogram(distances: Array, spread: float | None) -> Histogram | None:
    """Count displacements in bins; the last one has all that are larger."""
    if not spread or not len(distances):
        return None
    edges = numpy.linspace(0, LAST_BIN, BINS)
    counts, _ = numpy.histogram(distances / spread, [*edges, numpy.inf])
    return Histogram(edges.tolist(), (counts / len(distances)).tolist())
