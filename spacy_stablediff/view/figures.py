"""The figures of a stability measurement as people read them."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real
from pathlib import Path, PurePath
from statistics import mean
from typing import Any

import numpy

from ..measure.bootstrap import find_interval
from ..measure.result import EditStability, Stability
from ..types import Array

EQUAL = 0.01  # figures that differ by no more than this share of the larger are called equal
POINT = 0.005  # shares and scores that differ by less than this are called equal

ANYWHERE = (-math.inf, math.inf)  # where a figure lies of which too few documents tell


@dataclass(frozen=True)
class Measure:
    """One of the measured figures.

    key (str): Its JSON key.
    label (str): Its name.
    lower_is_better (bool): Whether it is low for a stable pipeline.
    is_share (bool): Whether it is a share from 0 to 1, shown in per cent.
    """

    key: str
    label: str
    lower_is_better: bool = True
    is_share: bool = False

    def format(self, value: float | None) -> str:
        """Format a value: "94.2%" for a share, "0.183" for a distance, "n/a" for none."""
        if value is None:
            return "n/a"
        return f"{100 * value:.1f}%" if self.is_share else f"{value:.3f}"


MEAN = Measure("mean", "Mean displacement")
TAIL = Measure("p95", "95th percentile")
EDITED = Measure("edited", "Edited tokens")
UNEDITED = Measure("unedited", "Other tokens")
RAW = Measure("raw", "Mean distance, not relative")
IDENTITY = Measure("identity", "Identity", lower_is_better=False, is_share=True)
FLIPS = Measure("cats_flips", "Category flips", is_share=True)
AGREEMENT = Measure("ents_agreement", "Entity agreement", lower_is_better=False, is_share=True)
DISPLACEMENTS = [MEAN, TAIL, EDITED, UNEDITED]
MEASURES = [FLIPS, AGREEMENT, *DISPLACEMENTS, RAW, IDENTITY]

SPANS = Measure("spans_sc_f", "Span F", lower_is_better=False, is_share=True)

# Of the many figures of nlp.evaluate, those that sum up a component.
SCORES = [
    Measure("cats_score", "Category score", lower_is_better=False, is_share=True),
    Measure("ents_f", "Entity F", lower_is_better=False, is_share=True),
    SPANS,
    Measure("tag_acc", "Tag accuracy", lower_is_better=False, is_share=True),
    Measure("dep_las", "Labelled attachment", lower_is_better=False, is_share=True),
]


@dataclass(frozen=True)
class Figures:
    """The figures of one pipeline.

    name (str): The pipeline's name, short.
    documents (int): On how many documents they were measured.
    clean (Dict[str, Optional[float]]): The scores on clean text, by key.
    edits (Dict[str, Dict[str, Optional[float]]]): For each edit, the value of each
        measure and score, by key; None where there is none.
    replicates (Dict[Optional[str], Dict[str, Floats1d]]): For each edit, and with the key
        None for clean text, values in each resample of the documents, as far as known.
    points (Dict[Tuple[str, float], Tuple[Dict, Dict]]): For each curve and rate values and
        replicates.
    has_vectors (bool): Whether the pipeline has token vectors.
    """

    name: str
    documents: int
    clean: dict[str, float | None]
    edits: dict[str, dict[str, float | None]]
    replicates: dict[str | None, dict[str, Array]]
    points: dict[tuple[str, float], tuple[dict[str, float | None], dict[str, Array]]]
    has_vectors: bool = True

    def average(self, key: str) -> float | None:
        """Average a figure over the edits that have it."""
        known = [edit[key] for edit in self.edits.values()]
        values = [value for value in known if value is not None]
        return mean(values) if values else None

    def resample(self, key: str) -> Array | None:
        """Average a figure over the edits in each resample; None where it isn't known."""
        having = [edit for edit, values in self.edits.items() if values[key] is not None]
        each = [self.replicates[edit][key] for edit in having if key in self.replicates[edit]]
        return numpy.mean(each, axis=0) if each else None


@dataclass(frozen=True)
class FigureComparison:
    """A figure of two pipelines.

    measure (Measure): The figure.
    values (Tuple[Optional[float], Optional[float]]): The two values.
    interval (Optional[Tuple[float, float]]): Where the first less the second may lie, with a
        level of 95 %.
    """

    measure: Measure
    values: tuple[float | None, float | None]
    interval: tuple[float, float] | None

    @property
    def verdict(self) -> str:
        """What the first is: "better", "worse", "equal", "unclear", or "" without two values.

        Unclear is what these documents can't tell.
        """
        value, than = self.values
        if value is None or than is None:
            return ""
        equal = POINT if self.measure.is_share else EQUAL * max(value, than)
        if self.interval == ANYWHERE:
            return "unclear"
        if abs(value - than) <= equal:
            return "equal"
        if self.interval is not None and self.interval[0] <= 0 <= self.interval[1]:
            return "unclear"
        return "better" if (value < than) == self.measure.lower_is_better else "worse"

    @property
    def factor(self) -> float:
        """How many times as many documents would tell a difference of this size; infinity where
        there are too few to say so."""
        value, than = self.values
        if value is None or than is None or value == than or self.interval is None:
            return 1.0
        return ((self.interval[1] - self.interval[0]) / 2 / (value - than)) ** 2


def compare(measure: Measure, result: Figures, baseline: Figures) -> FigureComparison:
    """Compare a figure of two pipelines, averaged over the edits."""
    values = result.average(measure.key), baseline.average(measure.key)
    resampled = result.resample(measure.key), baseline.resample(measure.key)
    return FigureComparison(measure, values, _find_difference(*resampled))


def compare_clean(score: Measure, result: Figures, baseline: Figures) -> FigureComparison:
    """Compare a score of two pipelines on clean text."""
    pair = result, baseline
    values = tuple(figures.clean[score.key] for figures in pair)
    difference = _find_difference_of(score, *(figures.replicates[None] for figures in pair))
    return FigureComparison(score, values, difference)  # type: ignore[arg-type]


def compare_point(
    measure: Measure, point: tuple[str, float], result: Figures, baseline: Figures
) -> FigureComparison:
    """Compare a figure of two pipelines at a point of a curve."""
    (value, ours), (than, theirs) = (each.points[point] for each in (result, baseline))
    values = value[measure.key], than[measure.key]
    return FigureComparison(measure, values, _find_difference_of(measure, ours, theirs))


def read_figures(result: Stability, name: str) -> Figures:
    """Take the figures that people read out of a measurement.

    result (Stability): The measurement.
    name (str): How to call its pipeline.
    RETURNS (Figures): The figures.
    """
    edits = {key: read_edit(edit) for key, edit in result.edits.items()}
    replicates: dict[str | None, dict[str, Array]] = {
        None: _name_replicates(result.replicates, result.scores)
    }
    for key, edit in result.edits.items():
        replicates[key] = _name_replicates(edit.replicates, edit.scores)
    points = {
        (curve, point.rate): (
            read_edit(point.figures),
            _name_replicates(point.figures.replicates, point.figures.scores),
        )
        for curve, each in result.curves.items()
        for point in each
    }
    clean = _pick(SCORES, result.scores)
    has_vectors = result.place != "none"
    return Figures(name, result.documents, clean, edits, replicates, points, has_vectors)


def read_edit(edit: EditStability) -> dict[str, float | None]:
    """Take the figures of an edit that people read, by the keys of measures and scores."""
    moved = {**vars(edit.displacement), **vars(edit)}
    return _pick(MEASURES, moved) | _pick(SCORES, edit.scores)


def get_figure(edit: EditStability, measure: Measure) -> float | None:
    """Return a figure of an edit, None where it has none."""
    return read_edit(edit)[measure.key]


def name_pipelines(model: str, baseline: str | None = None) -> list[str]:
    """Name a pipeline, or two, as briefly as tells them apart.

    model (str): The name of or the path to the one.
    baseline (Optional[str]): The name of or the path to the other.
    RETURNS (List[str]): Their names: of two paths the parts that differ, of one
        path its last two parts.
    """
    parts = list(PurePath(model).parts)
    if baseline is None:
        return ["/".join(parts[-2:]) or Path(model).resolve().name]
    others = list(PurePath(baseline).parts)
    for end in (-1, 0):
        while parts and others and parts[end] == others[end]:
            parts.pop(end)
            others.pop(end)
    if not parts or not others:
        return [model, f"{baseline} (baseline)" if model == baseline else baseline]
    return ["/".join(parts), "/".join(others)]


def _pick(measures: list[Measure], values: Mapping[str, Any] | None) -> dict[str, float | None]:
    """Take each measure's value, None where it isn't a finite number."""
    values = _name_spans(values or {})
    return {measure.key: _to_number(values.get(measure.key)) for measure in measures}


def _name_spans(values: Mapping[str, Any]) -> dict[str, Any]:
    """Give the first figure of spans the key that it has in `SCORES`, whatever they are kept under."""
    first = next((key for key in values if re.fullmatch(r"spans_.+_f", key)), SPANS.key)
    return {SPANS.key: values.get(first), **values}


def _to_number(value: Any) -> float | None:
    is_number = isinstance(value, Real) and math.isfinite(value)
    return float(value) if is_number else None


def _name_replicates(
    replicates: dict[str, Array], scores: Mapping[str, Any] | None
) -> dict[str, Array]:
    """Replicates by the keys of `MEASURES` and `SCORES`: the category score is what the
    classifier is judged by, which is the macro F where classes exclude each other."""
    scores = scores or {}
    named = _name_spans(replicates)
    is_macro = scores.get("cats_score") == scores.get("cats_macro_f")
    if is_macro and "cats_macro_f" in replicates:
        named["cats_score"] = replicates["cats_macro_f"]
    return {key: each for key, each in named.items() if each is not None}


def _find_difference_of(
    measure: Measure, ours: dict[str, Array], theirs: dict[str, Array]
) -> tuple[float, float] | None:
    """Where the difference of a figure may lie: anywhere, if it is a score that isn't resampled, as
    that of categories which don't exclude each other, where others are."""
    pair = ours.get(measure.key), theirs.get(measure.key)
    if measure in SCORES and (ours or theirs) and any(each is None for each in pair):
        return ANYWHERE
    return _find_difference(*pair)


def _find_difference(ours: Array | None, theirs: Array | None) -> tuple[float, float] | None:
    """Where the difference of two figures may lie; both were resampled alike.

    That is anywhere, where documents are too few to tell, and None without resamples.
    """
    if ours is None or theirs is None:
        return None
    return find_interval(ours - theirs) or ANYWHERE
