"""The figures of a stability measurement as people read them, and the verdict on them."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from numbers import Real
from pathlib import PurePath
from statistics import mean
from typing import Any

from ..measure.result import Stability

EQUAL = 0.01  # figures that differ by no more than this share of the larger are called equal
POINT = 0.005  # shares and scores that differ by less than this are called equal
UNIT = "of the distance between random tokens"
BLUR = 0.05  # a loss of identity beyond which a smaller displacement is suspect


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
RAW = Measure("raw", "Raw mean")
IDENTITY = Measure("identity", "Identity", lower_is_better=False, is_share=True)
FLIPS = Measure("cats_flips", "Category flips", is_share=True)
AGREEMENT = Measure("ents_agreement", "Entity agreement", lower_is_better=False, is_share=True)
DISPLACEMENTS = [MEAN, TAIL, EDITED, UNEDITED]
MEASURES = [*DISPLACEMENTS, RAW, IDENTITY, FLIPS, AGREEMENT]

# Of the many figures of nlp.evaluate, those that sum up a component.
SCORES = [
    Measure("cats_score", "Category score", lower_is_better=False, is_share=True),
    Measure("ents_f", "Entity F", lower_is_better=False, is_share=True),
    Measure("spans_sc_f", "Span F", lower_is_better=False, is_share=True),
    Measure("tag_acc", "Tag accuracy", lower_is_better=False, is_share=True),
    Measure("dep_las", "Labelled attachment", lower_is_better=False, is_share=True),
]

# How the verdict names what a steadier pipeline does worse.
COSTS = {
    "p95": "a longer tail ({} against {} at the 95th percentile)",
    "identity": "tokens that are harder to tell apart (identity {} against {})",
    "cats_flips": "more category flips ({} against {})",
    "ents_agreement": "less entity agreement ({} against {})",
} | {
    score.key: f"a lower {score.label[0].lower()}{score.label[1:]} on clean text ({{}} against {{}})"
    for score in SCORES
}


@dataclass(frozen=True)
class Figures:
    """The figures of one pipeline.

    name (str): The pipeline's name, short.
    clean (Dict[str, Optional[float]]): The scores on clean text, by key.
    edits (Dict[str, Dict[str, Optional[float]]]): For each edit, the value of each
        measure and score, by key; None where there is none.
    """

    name: str
    clean: dict[str, float | None]
    edits: dict[str, dict[str, float | None]]

    def average(self, key: str) -> float | None:
        """Average a figure over the edits that have it."""
        known = [edit[key] for edit in self.edits.values()]
        values = [value for value in known if value is not None]
        return mean(values) if values else None


def read_figures(result: Stability, name: str) -> Figures:
    """Take the figures that people read out of a measurement.

    result (Stability): The measurement.
    name (str): How to call its pipeline.
    RETURNS (Figures): The figures.
    """
    edits = {
        key: _pick(MEASURES, {**vars(edit.displacement), **vars(edit)}) | _pick(SCORES, edit.scores)
        for key, edit in result.edits.items()
    }
    return Figures(name, _pick(SCORES, result.scores), edits)


def name_pipelines(model: str, baseline: str | None = None) -> list[str]:
    """Name a pipeline, or two, as briefly as tells them apart.

    model (str): The name of or the path to the one.
    baseline (Optional[str]): The name of or the path to the other.
    RETURNS (List[str]): Their names: of two paths the parts that differ, of one
        path its last two parts.
    """
    parts = list(PurePath(model).parts)
    if baseline is None:
        return ["/".join(parts[-2:])]
    others = list(PurePath(baseline).parts)
    for end in (-1, 0):
        while parts and others and parts[end] == others[end]:
            parts.pop(end)
            others.pop(end)
    if not parts or not others:
        return [model, f"{baseline} (baseline)" if model == baseline else baseline]
    return ["/".join(parts), "/".join(others)]


def judge(result: Figures, baseline: Figures | None = None) -> str:
    """Say in one sentence what the figures, averaged over the edits, come to.

    result (Figures): The figures of a pipeline.
    baseline (Optional[Figures]): Those of the pipeline to compare it with.
    RETURNS (str): Which of the two moves less, by how much, and what that costs in
        distinguishable tokens, in predictions and in clean scores; without a
        baseline, how far the pipeline moves.
    """
    moved = result.average("mean")
    other_moved = baseline.average("mean") if baseline else None
    if baseline is None or moved is None or other_moved is None:
        return _describe(result)
    if abs(moved - other_moved) <= EQUAL * max(moved, other_moved):
        return _equate(result, baseline)
    steady, other = (result, baseline) if moved < other_moved else (baseline, result)
    less, more = sorted([moved, other_moved])
    return (
        f"'{steady.name}' is the steadier of the two: edits move its token vectors "
        f"{1 - less / more:.0%} less than those of '{other.name}' "
        f"({MEAN.format(less)} against {MEAN.format(more)} {UNIT}), {_price(steady, other)}."
    )


def _price(steady: Figures, other: Figures) -> str:
    """Say what the steadier pipeline pays for moving less."""
    costs = _find_costs(steady, other)
    if not costs:
        return "at no cost that was measured"
    identity, sharper = steady.average("identity"), other.average("identity")
    blurs = identity is not None and sharper is not None and sharper - identity > BLUR
    blur = ", so that part of the gain may be blur" if blurs else ""
    return f"at the cost of {enumerate_words(costs)}{blur}"


def _equate(result: Figures, baseline: Figures) -> str:
    """Say that two pipelines move equally far, and what else sets them apart."""
    means = (MEAN.format(figures.average("mean")) for figures in (result, baseline))
    clauses = [
        f", '{worse.name}' with {enumerate_words(costs)}"
        for worse, other in ((result, baseline), (baseline, result))
        if (costs := _find_costs(worse, other))
    ]
    return (
        f"Edits move the token vectors of '{result.name}' and '{baseline.name}' equally far, by "
        f"{' and '.join(means)} {UNIT}{''.join(clauses) or ', and nothing else sets them apart'}."
    )


def _describe(result: Figures) -> str:
    """Say how far one pipeline moves."""
    moved, tail, identity = (
        measure.format(result.average(measure.key)) for measure in (MEAN, TAIL, IDENTITY)
    )
    return (
        f"Edits move the token vectors of '{result.name}' by {moved} {UNIT} on average and by "
        f"{tail} at the 95th percentile, with an identity of {identity}; whether that is little, "
        f"only a comparison with a baseline can tell."
    )


def _find_costs(steady: Figures, other: Figures) -> list[str]:
    """Say what the first pipeline does worse than the other, apart from moving."""
    pairs = [(m, steady.average(m.key), other.average(m.key)) for m in MEASURES if m.key in COSTS]
    pairs += [(score, steady.clean[score.key], other.clean[score.key]) for score in SCORES]
    return [
        COSTS[measure.key].format(measure.format(value), measure.format(than))
        for measure, value, than in pairs
        if is_worse(measure, value, than)
    ]


def is_worse(measure: Measure, value: float | None, than: float | None) -> bool:
    """Tell whether a figure is worse than another by more than can be called equal."""
    if value is None or than is None:
        return False
    loss = value - than if measure.lower_is_better else than - value
    return loss > (POINT if measure.is_share else EQUAL * max(value, than))


def enumerate_words(words: Iterable[str]) -> str:
    """Join words as in "typo, swap and drop"."""
    *rest, end = words
    return f"{', '.join(rest)} and {end}" if rest else end


def _pick(measures: list[Measure], values: Mapping[str, Any] | None) -> dict[str, float | None]:
    """Take each measure's value, None where it isn't a finite number."""
    values = values or {}
    return {measure.key: _to_number(values.get(measure.key)) for measure in measures}


def _to_number(value: Any) -> float | None:
    is_number = isinstance(value, Real) and math.isfinite(value)
    return float(value) if is_number else None
