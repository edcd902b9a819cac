"""The figures of single runs, and how they compare with the baseline's."""

from collections.abc import Iterable, Mapping
from statistics import fmean

from .results import Line

# Part, text and name of a figure, or the name of a cost. The text "edited" is the average
# over the edits.
Key = tuple[str, ...]
Figures = Mapping[Key, float | None]

PARTS = ("dev", "test")
CLEAN, EDITED = ("test", "clean", "score"), ("test", "edited", "score")
DISPLACEMENT, TAIL, IDENTITY, FLIPS, AGREEMENT = (
    ("test", "edited", name)
    for name in ("displacement", "p95", "identity", "cats_flips", "ents_agreement")
)
COSTS = TRAINING, SPEED, SPEED_AGAIN = (
    ("training_seconds",),
    ("speed_ratio",),
    ("speed_ratio_again",),
)

# What is divided by the baseline's figure; of the others, the baseline's is subtracted.
RATIOS = ("displacement", "p95", "cats_flips", *(name for (name,) in COSTS))


def read_figures(line: Line, edits: Iterable[str]) -> Figures:
    """Return the figures of a run.

    line (Line): The line of the run.
    edits (Iterable[str]): The edits to average over.
    RETURNS (Figures): The figures. An average is None where an edit doesn't have it.
    """
    figures: dict[Key, float | None] = {cost: line.get(*cost) for cost in COSTS}
    for part in PARTS:
        texts = line[part]
        for text, values in texts.items():
            figures |= {(part, text, name): value for name, value in values.items()}
        edited = [texts.get(edit, {}) for edit in edits]
        for name in dict.fromkeys(name for values in edited for name in values):
            found = [values[name] for values in edited if values.get(name) is not None]
            figures[part, "edited", name] = fmean(found) if len(found) == len(edited) else None
    return figures


def compare_figures(figures: Figures, baseline: Figures) -> Figures:
    """Return the figures of a run relative to those of the baseline with the same seed."""
    return {key: compare(key, value, baseline.get(key)) for key, value in figures.items()}


def compare(key: Key, value: float | None, base: float | None) -> float | None:
    """Divide a figure by the baseline's or subtract that, whichever fits the figure."""
    if value is None or base is None:
        return None
    if key[-1] not in RATIOS:
        return value - base
    return value / base if base else None
