"""Figures that are kept up to date while documents go by, in constant memory."""

from typing import Any, NamedTuple

import numpy
from scipy.spatial.distance import cdist, pdist
from spacy.tokens import Doc
from thinc.types import Floats2d

from ..edits.alignment import align, find_changed
from ..types import Array
from .result import Displacement, EditStability, SampleView, TokenView

# Number of displacements of which the 95th percentile is found. Of a larger corpus
# it is a random sample: the percentile found is then the 95th give or take 0.07.
SAMPLED_DISPLACEMENTS = 100_000

# Number of tokens of which the spread is found, from all pairs of them.
SAMPLED_TOKENS = 2000

# Number of rows of the matrix of distances that is in memory at a time.
CHUNK = 256


class Observed(NamedTuple):
    """A processed document and its token vectors.

    doc (Doc): The document.
    vectors (Floats2d): Shape (tokens, width).
    """

    doc: Doc
    vectors: Floats2d


class Mean:
    """The mean of a stream of values."""

    def __init__(self) -> None:
        self.total = 0.0
        self.count = 0

    def add(self, values: Array) -> None:
        """Add values.

        values (Array): Numbers or booleans, shape (values,).
        """
        self.total += float(numpy.sum(values, dtype="float64"))
        self.count += len(values)

    @property
    def value(self) -> float | None:
        """The mean of the values so far, or None if there were none."""
        return self.total / self.count if self.count else None


class Reservoir:
    """A uniform random sample of a stream of rows: all of them while they are few.

    Each row draws a number, and the rows with the lowest ones are kept (Cohen and
    Kaplan, Summarizing data using bottom-k sketches, 2007). Which ones depends on
    the seed and the number of rows alone.
    """

    def __init__(self, size: int, seed: int) -> None:
        """Make an empty reservoir.

        size (int): Number of rows to keep.
        seed (int): The seed of the random numbers.
        """
        self._size = size
        # With the size, for the edits draw from the seed itself.
        self._rng = numpy.random.default_rng([seed, size])
        self._limit = numpy.inf
        self._draws: list[Array] = []
        self._rows: list[Array] = []
        self._count = 0

    def add(self, rows: Array) -> None:
        """Add rows.

        rows (Array): Shape (rows, ...).
        """
        draws = self._rng.random(len(rows))
        low = draws < self._limit
        self._draws.append(draws[low])
        self._rows.append(rows[low])
        self._count += int(low.sum())
        if self._count > 2 * self._size:
            self._shrink()

    @property
    def rows(self) -> Array:
        """The sample, shape (rows, ...), or (0,) if there were no rows."""
        self._shrink()
        return self._rows[0]

    def _shrink(self) -> None:
        draws = numpy.concatenate([*self._draws, []])
        rows = numpy.concatenate(self._rows) if self._rows else draws
        if len(draws) > self._size:
            kept = numpy.sort(numpy.argpartition(draws, self._size)[: self._size])
            draws, rows = draws[kept], rows[kept]
            self._limit = draws.max()
        self._draws, self._rows, self._count = [draws], [rows], len(draws)


class Spread:
    """The mean distance between the vectors of random pairs of tokens."""

    def __init__(self, seed: int) -> None:
        self._sample = Reservoir(SAMPLED_TOKENS, seed)

    def add(self, vectors: Array) -> None:
        """Add vectors.

        vectors (Floats2d): Shape (tokens, width).
        """
        self._sample.add(vectors)

    @property
    def value(self) -> float | None:
        """The mean distance, over all pairs of the sample; None without a pair."""
        vectors = self._sample.rows
        return float(pdist(vectors).mean()) if len(vectors) > 1 else None


class Agreement:
    """The F-score of what is found in edited text against what is found in clean text."""

    def __init__(self) -> None:
        self._common = 0
        self._sizes = 0
        self._documents = 0

    def add(self, clean: set, edited: set) -> None:
        """Add what was found in a document.

        clean (Set): What was found in the clean document.
        edited (Set): What was found in the edited one, in terms of the clean one.
        """
        self._common += len(clean & edited)
        self._sizes += len(clean) + len(edited)
        self._documents += 1

    @property
    def value(self) -> float | None:
        """F, 1 where nothing was found in either; None if there were no documents."""
        if self._documents == 0:
            return None
        return 2 * self._common / self._sizes if self._sizes else 1.0


class Comparison:
    """An edited document compared with the clean one."""

    def __init__(self, clean: Observed, edited: Observed) -> None:
        """Align and compare two documents.

        clean (Observed): The clean document.
        edited (Observed): The edited document.
        """
        self.clean = clean.doc
        self.edited = edited.doc
        self.alignment = align(clean.doc, edited.doc)
        words = [token.text for token in clean.doc], [token.text for token in edited.doc]
        self.changed = find_changed(*words, self.alignment)
        self.aligned = self.alignment >= 0
        self.distance, self.identity = compare_vectors(
            clean.vectors,
            edited.vectors[self.aligned],
            self.alignment[self.aligned],
            clean.doc.to_array("ORTH"),
        )

    def view(self, edit: str, spread: float | None) -> SampleView:
        """Show the two documents, with displacements relative to a spread."""
        distance = numpy.full(len(self.edited), numpy.nan)
        distance[self.aligned] = self.distance
        clean_distance = numpy.full(len(self.clean), numpy.nan)
        clean_distance[self.alignment[self.aligned]] = self.distance
        clean_changed = numpy.ones(len(self.clean), dtype=bool)
        clean_changed[self.alignment[self.aligned]] = self.changed[self.aligned]
        return SampleView(
            edit=edit,
            clean=_view_tokens(self.clean, clean_distance, clean_changed, spread),
            edited=_view_tokens(self.edited, distance, self.changed, spread),
            clean_cat=top_category(self.clean),
            edited_cat=top_category(self.edited),
        )


class EditTally:
    """The figures of one kind of edit, kept up to date."""

    def __init__(self, seed: int) -> None:
        """Begin with no documents.

        seed (int): The seed of the random sample for the 95th percentile.
        """
        self._distance = Mean()
        self._edited = Mean()
        self._unedited = Mean()
        self._sample = Reservoir(SAMPLED_DISPLACEMENTS, seed)
        self._identity = Mean()
        self._flips = Mean()
        self._agreement = Agreement()

    def add(self, comparison: Comparison) -> None:
        """Add an edited document.

        comparison (Comparison): The document compared with the clean one.
        """
        distance, changed = comparison.distance, comparison.changed[comparison.aligned]
        self._distance.add(distance)
        self._edited.add(distance[changed])
        self._unedited.add(distance[~changed])
        self._sample.add(distance)
        self._identity.add(comparison.identity)
        clean, edited = comparison.clean, comparison.edited
        if clean.cats:
            self._flips.add([top_category(clean) != top_category(edited)])
        if clean.has_annotation("ENT_IOB"):
            survives = numpy.isin(numpy.arange(len(clean)), comparison.alignment)
            index = numpy.where(survives, numpy.arange(len(clean)), -1)
            self._agreement.add(entities(clean, index), entities(edited, comparison.alignment))

    def finish(self, spread: float | None, scores: dict[str, Any] | None) -> EditStability:
        """Return the figures.

        spread (Optional[float]): The mean distance between random pairs of tokens.
        scores (Optional[Dict[str, Any]]): spaCy's scores of the edited documents.
        RETURNS (EditStability): The figures.
        """
        distances = self._sample.rows
        p95 = float(numpy.percentile(distances, 95)) if len(distances) else None
        return EditStability(
            displacement=Displacement(
                raw=self._distance.value,
                mean=_relative(self._distance.value, spread),
                p95=_relative(p95, spread),
                edited=_relative(self._edited.value, spread),
                unedited=_relative(self._unedited.value, spread),
            ),
            identity=self._identity.value,
            cats_flips=self._flips.value,
            ents_agreement=self._agreement.value,
            scores=scores,
        )


def compare_vectors(
    clean: Array, edited: Array, target: Array, texts: Array
) -> tuple[Array, Array]:
    """Compare the vectors of an edited document with those of the clean one.

    clean (Floats2d): The clean document's vectors, shape (tokens, width).
    edited (Floats2d): Vectors of tokens of the edited one, shape (aligned, width).
    target (Ints1d): For each of them the index of its clean token.
    texts (Array): For each clean token a number that stands for its text.
    RETURNS (Tuple[Floats1d, Floats1d]): For each row of `edited` the distance from
        its clean token, and how far that is the nearest clean token, 0 or 1. Where
        several are equally near, the share of them that have the token's text.
    """
    distance, identity = numpy.zeros(len(edited)), numpy.zeros(len(edited))
    for start in range(0, len(edited), CHUNK):
        part = slice(start, start + CHUNK)
        distances = cdist(edited[part], clean)
        column = target[part, None]
        distance[part] = numpy.take_along_axis(distances, column, axis=1)[:, 0]
        nearest = distances == distances.min(axis=1, keepdims=True)
        alike = nearest & (texts == texts[column])
        is_nearest = numpy.take_along_axis(nearest, column, axis=1)[:, 0]
        identity[part] = is_nearest * alike.sum(axis=1) / nearest.sum(axis=1)
    return distance, identity


def top_category(doc: Doc) -> str | None:
    """Return the category of the highest score, or None if there are no categories.

    doc (Doc): A processed document.
    RETURNS (Optional[str]): The category.
    """
    return max(doc.cats, key=lambda label: doc.cats[label]) if doc.cats else None


def entities(doc: Doc, clean_index: Array) -> set[tuple[str, tuple[int, ...]]]:
    """Return the entities of a document in terms of clean tokens.

    Tokens without a counterpart don't count, nor do entities of such tokens alone.

    doc (Doc): A processed document.
    clean_index (Ints1d): For each of its tokens the index of the clean one, or -1.
    RETURNS (Set[Tuple[str, Tuple[int, ...]]]): The label and the clean tokens of each.
    """
    found = set()
    for ent in doc.ents:
        index = clean_index[ent.start : ent.end]
        if (index >= 0).any():
            found.add((ent.label_, tuple(sorted(index[index >= 0].tolist()))))
    return found


def _relative(distance: float | None, spread: float | None) -> float | None:
    """Divide a distance by the spread, as far as there are such and vectors differ."""
    return distance / spread if distance is not None and spread else None


def _view_tokens(
    doc: Doc, distance: Array, changed: Array, spread: float | None
) -> list[TokenView]:
    """Show the tokens of a document, with displacements relative to a spread."""
    displacements = [None if numpy.isnan(d) else _relative(d, spread) for d in distance.tolist()]
    return [
        TokenView(token.text, token.whitespace_, token.ent_type_, displacement, edited)
        for token, displacement, edited in zip(doc, displacements, changed.tolist(), strict=True)
    ]
