"""An edited document compared with the clean one, as a pipeline sees both."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, TypeAlias

import numpy
from scipy.spatial.distance import cdist
from spacy.tokens import Doc
from thinc.types import Floats2d

from ..edits.alignment import align, find_changed, find_merged
from ..types import Array
from .result import SampleView, TokenView

# Number of rows of the matrix of distances that is in memory at a time.
CHUNK = 256

# Of how many vectors on products of matrices find the nearest one faster than distances do; how
# far rounding puts these squares off at most, relative to the largest; and how many vectors may be
# as near as the nearest, on average, before it isn't worth it.
MANY, ROUNDING, MOST_TIES = 500, 1e-11, 50

# Entities in terms of clean tokens: labels, and the tokens of each.
Entities: TypeAlias = set[tuple[str, tuple[int, ...]]]


class Observed(NamedTuple):
    """A processed document and its token vectors.

    doc (Doc): The document.
    vectors (Floats2d): Shape (tokens, width).
    """

    doc: Doc
    vectors: Floats2d


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
        self.merged = find_merged(clean.doc, edited.doc)
        words = [token.text for token in clean.doc], [token.text for token in edited.doc]
        self.changed = find_changed(*words, self.alignment)
        self.aligned = self.alignment >= 0
        self.has_vectors = clean.vectors.shape[1] > 0
        self.distance, self.identity = numpy.zeros((2, self.aligned.sum()))
        if self.has_vectors:
            self.distance, self.identity = compare_vectors(
                clean.vectors,
                edited.vectors[self.aligned],
                self.alignment[self.aligned],
                clean.doc.to_array("ORTH"),
            )

    def find_entities(self) -> tuple[Entities, Entities]:
        """Return the entities of both documents, in terms of clean tokens.

        An entity of which no token is left doesn't count. One whose tokens all became part
        of others, as where a space is left out, counts as not found in the edited text.

        RETURNS (Tuple[Set, Set]): Those of the clean and those of the edited document.
        """
        places = numpy.arange(len(self.clean))
        survives = numpy.isin(places, self.alignment)
        index = numpy.where(survives, places, -1)
        for ent in self.clean.ents:
            if not survives[ent.start : ent.end].any():
                inside = self.merged[(self.merged >= ent.start) & (self.merged < ent.end)]
                index[inside] = inside
        return find_entities(self.clean, index), find_entities(self.edited, self.alignment)

    def view(self, edit: str, classes: Sequence[tuple[str, ...]] = ()) -> SampleView:
        """Show the two documents; displacements are plain distances.

        edit (str): The name of the edit.
        classes (Sequence[Tuple[str]]): The labels of each text classifier.
        RETURNS (SampleView): What is shown.
        """
        known = self.distance if self.has_vectors else numpy.nan
        distance = numpy.full(len(self.edited), numpy.nan)
        distance[self.aligned] = known
        clean_distance = numpy.full(len(self.clean), numpy.nan)
        clean_distance[self.alignment[self.aligned]] = known
        clean_changed = numpy.ones(len(self.clean), dtype=bool)
        clean_changed[self.alignment[self.aligned]] = self.changed[self.aligned]
        return SampleView(
            edit=edit,
            clean=_view_tokens(self.clean, clean_distance, clean_changed),
            edited=_view_tokens(self.edited, distance, self.changed),
            clean_cat=_name_categories(self.clean.cats, classes),
            edited_cat=_name_categories(self.edited.cats, classes),
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
    clean, edited = clean.astype("float64"), edited.astype("float64")
    distance = numpy.linalg.norm(edited - clean[target], axis=1)
    identity = numpy.zeros(len(edited))
    for start in range(0, len(edited), CHUNK):
        part = slice(start, start + CHUNK)
        column = target[part, None]
        nearest = find_nearest(edited[part], clean)
        alike = nearest & (texts == texts[column])
        is_nearest = numpy.take_along_axis(nearest, column, axis=1)[:, 0]
        identity[part] = is_nearest * alike.sum(axis=1) / nearest.sum(axis=1)
    return distance, identity


def find_nearest(vectors: Array, others: Array) -> Array:
    """Find for each of some vectors the nearest of others, all of them where several are.

    Of many others, products of matrices tell which may be the nearest, as far as they can be
    rounded wrongly; distances are computed of these alone.

    vectors (Floats2d): The vectors, in double precision, shape (vectors, width).
    others (Floats2d): The others, shape (others, width), at least one.
    RETURNS (Array): Booleans, shape (vectors, others).
    """
    if len(others) >= MANY:
        norms, other_norms = (vectors**2).sum(axis=1)[:, None], (others**2).sum(axis=1)
        squares = norms + other_norms - 2 * vectors @ others.T
        slack = ROUNDING * (norms + other_norms.max())
        near = squares <= squares.min(axis=1, keepdims=True) + slack
        rows, columns = numpy.nonzero(near)
        if len(rows) < MOST_TIES * len(vectors):
            distances = numpy.linalg.norm(vectors[rows] - others[columns], axis=1)
            firsts = numpy.searchsorted(rows, numpy.arange(len(vectors)))
            near[rows, columns] = distances == numpy.minimum.reduceat(distances, firsts)[rows]
            return near
    distances = cdist(vectors, others)
    nearest: Array = distances == distances.min(axis=1, keepdims=True)
    return nearest


def top_category(cats: Mapping[str, float], labels: Iterable[str] | None = None) -> str | None:
    """Return the category of the highest score, or None if there are no categories.

    cats (Mapping[str, float]): The score of each category of a document.
    labels (Optional[Iterable[str]]): The categories that count, in the order in which the first
        counts of those with the same score; by default all.
    RETURNS (Optional[str]): The category.
    """
    counted = [label for label in (cats if labels is None else labels) if label in cats]
    return max(counted, key=lambda label: cats[label], default=None)


def _name_categories(cats: Mapping[str, float], classes: Sequence[tuple[str, ...]]) -> str | None:
    """Name the top category of each classifier."""
    tops = [top_category(cats, labels) for labels in classes or [tuple(cats)]]
    return ", ".join(top for top in tops if top is not None) or None


def find_entities(doc: Doc, clean_index: Array) -> Entities:
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


def _view_tokens(doc: Doc, distance: Array, changed: Array) -> list[TokenView]:
    displacements = [None if numpy.isnan(d) else d for d in distance.tolist()]
    return [
        TokenView(
            token.text,
            token.whitespace_,
            token.ent_type_,
            displacement,
            edited,
            begins=token.ent_iob_ == "B",
        )
        for token, displacement, edited in zip(doc, displacements, changed.tolist(), strict=True)
    ]


def relative_to(distance: float | None, spread: float | None) -> float | None:
    """Divide a distance by the spread, as far as there are such and vectors differ."""
    return distance / spread if distance is not None and spread else None
