"""The robustness table: how much of a pipeline's predictions is left under errors.

Its columns are those that others report (DaCy: Enevoldsen, Hansen and Nielbo, A Unified
Framework for Danish NLP, 2021), so that figures can be put side by side.
"""

from dataclasses import dataclass
from typing import Any

from wasabi import MarkdownRenderer

from ..measure.defaults import (
    LETTERS_MISTYPED,
    LOWER_CASE,
    NAMES_REPLACED,
    NO_SPACES,
    UPPER_CASE,
)
from ..measure.result import EditStability, Intervals, Stability
from .figures import name_pipelines

CLEAN = "clean"

# What is shown of which curve, besides the clean text.
COLUMNS = {
    **{f"keystrokes {rate:.0%}": (LETTERS_MISTYPED, rate) for rate in (0.02, 0.05, 0.15)},
    "lower case": (LOWER_CASE, 1.0),
    "upper case": (UPPER_CASE, 1.0),
    "no spaces": (NO_SPACES, 1.0),
    "names replaced": (NAMES_REPLACED, 1.0),
}


@dataclass(frozen=True)
class Gauge:
    """What a table shows.

    key (str): The JSON key of the figure.
    label (str): Its name.
    explanation (str): What it is, in a sentence.
    has_gold (bool): Whether it is a score against gold annotation; else it is measured
        against what the pipeline predicts for the clean text.
    is_loss (bool): Whether the figure is the share that is lost, of which the rest is shown.
    """

    key: str
    label: str
    explanation: str
    has_gold: bool = True
    is_loss: bool = False


ENTITIES = (
    Gauge("ents_f", "Entity F", "F of the entities against the gold annotation."),
    Gauge(
        "ents_agreement",
        "Entity agreement",
        "F of the entities against those that the pipeline finds in the clean text.",
        has_gold=False,
    ),
)
CATEGORIES = (
    Gauge(
        "cats_macro_f",
        "Category macro F",
        "Macro F of the categories against the gold annotation.",
    ),
    Gauge(
        "cats_flips",
        "Category agreement",
        "Share of the texts whose top category is that of the clean text.",
        has_gold=False,
        is_loss=True,
    ),
)


@dataclass(frozen=True)
class Cell:
    """A figure from 0 to 1, and half the width of its interval of 95 %, where it is known."""

    value: float
    margin: float | None

    def __str__(self) -> str:
        """Write the figure in per cent: "66.4 ± 3.1"."""
        margin = "" if self.margin is None else f" ± {100 * self.margin:.1f}"
        return f"{100 * self.value:.1f}{margin}"


@dataclass(frozen=True)
class RobustnessTable:
    """A figure of each pipeline, on clean text and under errors.

    gauge (Gauge): The figure.
    documents (int): On how many documents it was measured.
    columns (List[str]): The clean text, and the errors that were measured.
    rows (Dict[str, List[Optional[Cell]]]): For each pipeline its figures.
    """

    gauge: Gauge
    documents: int
    columns: list[str]
    rows: dict[str, list[Cell | None]]

    @property
    def caption(self) -> str:
        """What the table shows, in a line."""
        return (
            f"{self.gauge.explanation} In per cent, ± half of the 95 % interval; "
            f"{self.documents:,} documents."
        )

    def format_rows(self) -> list[list[str]]:
        """Write the rows: the pipeline and its figures, "n/a" for one that it hasn't."""
        return [
            [name, *("n/a" if cell is None else str(cell) for cell in cells)]
            for name, cells in self.rows.items()
        ]

    def to_markdown(self) -> str:
        """Write the table as Markdown."""
        header = (self.gauge.label, *self.columns)
        aligns = ("l", *"r" * len(self.columns))
        escaped = [
            [cell.replace("|", "\\|") for cell in row] for row in (header, *self.format_rows())
        ]
        return MarkdownRenderer().table(escaped[1:], escaped[0], aligns=aligns)

    def to_dict(self) -> dict[str, Any]:
        """Return the figures as they are written to stability.json."""
        return {
            name: {
                column: None if cell is None else vars(cell)
                for column, cell in zip(self.columns, cells, strict=True)
            }
            for name, cells in self.rows.items()
        }


def make_robustness_tables(measured: list[Stability]) -> list[RobustnessTable]:
    """Tabulate entities and categories, as far as the pipelines predict them.

    measured (List[Stability]): The measurement of a pipeline, and maybe of its baseline.
    RETURNS (List[RobustnessTable]): A table for entities and one for categories: scores where
        there is gold annotation, else agreement with the clean text. None where no error of
        the table was measured.
    """
    tables = []
    for gauges in (ENTITIES, CATEGORIES):
        each = (_make_table(gauge, measured) for gauge in gauges)
        tables += [table for table in each if table is not None][:1]
    return tables


def _make_table(gauge: Gauge, measured: list[Stability]) -> RobustnessTable | None:
    """Make the table of one figure, None where no error of it was measured."""
    names = name_pipelines(*(result.model for result in measured))
    cells = {
        column: [_read_error(result, gauge, *place) for result in measured]
        for column, place in COLUMNS.items()
    }
    cells = {column: each for column, each in cells.items() if any(each)}
    if not cells:
        return None
    columns = {CLEAN: [_read_clean(result, gauge) for result in measured], **cells}
    rows = {name: [each[i] for each in columns.values()] for i, name in enumerate(names)}
    return RobustnessTable(gauge, measured[0].documents, list(columns), rows)


def _read_clean(result: Stability, gauge: Gauge) -> Cell | None:
    """Read a figure on clean text, which agrees with itself."""
    if gauge.has_gold:
        return _make_cell((result.scores or {}).get(gauge.key), result.intervals, gauge)
    points = [point.figures for curve in result.curves.values() for point in curve]
    is_known = any(getattr(figures, gauge.key) is not None for figures in points)
    return Cell(1.0, None) if is_known else None


def _read_error(result: Stability, gauge: Gauge, curve: str, rate: float) -> Cell | None:
    """Read a figure at a point of a curve, as far as it was measured."""
    points = [p.figures for p in result.curves.get(curve, []) if p.rate == rate]
    if not points:
        return None
    return _make_cell(_read_value(points[0], gauge), points[0].intervals, gauge)


def _read_value(figures: EditStability, gauge: Gauge) -> float | None:
    if gauge.has_gold:
        return (figures.scores or {}).get(gauge.key)
    value: float | None = getattr(figures, gauge.key)
    return value


def _make_cell(value: float | None, intervals: Intervals, gauge: Gauge) -> Cell | None:
    if value is None:
        return None
    interval = intervals.get(gauge.key)
    margin = None if interval is None else (interval[1] - interval[0]) / 2
    return Cell(1 - value if gauge.is_loss else value, margin)
