"""Curves: scores, predictions and vectors against the rate of an edit."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, floor

from ..measure.result import Stability
from .charts import Chart, find_ticks, format_tick, make_chart
from .figures import AGREEMENT, FLIPS, MEAN, SCORES, Measure, get_figure

# A chart's height in pixels, and how far from its left edge the curves begin, in per cent.
HEIGHT, LEFT, RIGHT = 150, 14, 95


@dataclass
class Line:
    """A curve of one pipeline: points in per cent and pixels, each with its figure."""

    points: list[tuple[float, float, str]]

    @property
    def segments(self) -> Iterator[tuple[tuple[float, float], tuple[float, float]]]:
        """The straight lines between neighbouring points."""
        places = [(x, y) for x, y, _ in self.points]
        yield from pairwise(places)


@dataclass
class LineChart:
    """A chart of a figure against the rate, a line for each pipeline."""

    title: str
    hint: str
    height: int
    lines: list[Line]
    x_ticks: list[tuple[float, str]]
    y_ticks: list[tuple[float, str]]

    @property
    def summary(self) -> str:
        """The chart in words."""
        lines = ["; ".join(text for _, _, text in line.points) for line in self.lines]
        return f"{self.title} by rate, {self.hint}: {' against '.join(lines)}"


@dataclass
class CurveSection:
    """The charts of one edit."""

    name: str
    charts: list[LineChart]


def make_curve_sections(measured: list[Stability]) -> list[CurveSection]:
    """Lay out the curves of one pipeline, or of two, a section for each edit."""
    return [
        CurveSection(name, [*_make_charts(name, measured)])
        for name, points in measured[0].curves.items()
        if len(points) > 1 and all(name in result.curves for result in measured)
    ]


def make_bar_charts(measured: list[Stability]) -> list[Chart]:
    """Lay out what was measured at a single rate, beside the clean text."""
    names = [name for name, points in measured[0].curves.items() if len(points) == 1]
    charts = []
    for measure in _list_measures(measured) if names else []:
        rows = [("clean text", [_get_clean(result, measure) for result in measured])]
        for name in names:
            points = [result.curves.get(name, []) for result in measured]
            rows.append((name, [get_figure(p[0].figures, measure) if p else None for p in points]))
        rows = [row for row in rows if any(value is not None for value in row[1])]
        values = [value for _, each in rows for value in each if value]
        limit = max(values, default=1.0) if measure.lower_is_better else 1.0
        charts.append(make_chart(measure.label, measure, rows, limit))
    return charts


def _list_measures(measured: list[Stability]) -> list[Measure]:
    """The scores of the clean text, and what curves show besides."""
    known = [s for s in SCORES if all(_get_clean(result, s) is not None for result in measured)]
    points = [p.figures for result in measured for curve in result.curves.values() for p in curve]
    moved = (FLIPS, AGREEMENT, MEAN)
    return known + [m for m in moved if any(get_figure(p, m) is not None for p in points)]


def _make_charts(name: str, measured: list[Stability]) -> Iterator[LineChart]:
    for measure in _list_measures(measured):
        curves = [_read_curve(result, name, measure) for result in measured]
        if all(curves):
            yield make_line_chart(measure, curves)


def make_line_chart(measure: Measure, curves: list[list[tuple[float, float]]]) -> LineChart:
    """Lay out a chart.

    measure (Measure): The figure.
    curves (List[List[Tuple[float, float]]]): For each pipeline rates and figures.
    RETURNS (LineChart): The chart.
    """
    longest = max(rate for curve in curves for rate, _ in curve)
    values = [value for curve in curves for _, value in curve]
    ticks = find_ticks(max(values) - min(values) or 1.0)
    step = ticks[1] - ticks[0] if len(ticks) > 1 else 1.0
    low, high = floor(min(values) / step) * step, ceil(max(values) / step) * step
    high = max(high, low + step)
    rows = [low + i * step for i in range(round((high - low) / step) + 1)]

    def get_x(rate: float) -> float:
        return round(LEFT + (RIGHT - LEFT) * rate / longest, 2)

    def get_y(value: float) -> float:
        return round(8 + (HEIGHT - 30) * (1 - (value - low) / (high - low)), 1)

    lines = [
        Line([(get_x(x), get_y(y), f"{x:.0%}: {measure.format(y)}") for x, y in curve])
        for curve in curves
    ]
    return LineChart(
        title=measure.label,
        hint="less is better" if measure.lower_is_better else "more is better",
        height=HEIGHT,
        lines=lines,
        x_ticks=[(get_x(rate), f"{rate:.0%}") for rate, _ in curves[0]],
        y_ticks=[(get_y(tick), format_tick(round(tick, 9), measure)) for tick in rows],
    )


def _read_curve(result: Stability, name: str, measure: Measure) -> list[tuple[float, float]]:
    """Rates and figures of a curve, from the clean text on; none where some are unknown."""
    clean = {FLIPS: 0.0, MEAN: 0.0, AGREEMENT: 1.0}.get(measure, _get_clean(result, measure))
    points = [
        (0.0, clean),
        *((p.rate, get_figure(p.figures, measure)) for p in result.curves[name]),
    ]
    known = [(rate, value) for rate, value in points if value is not None]
    return known if len(known) == len(points) else []


def _get_clean(result: Stability, score: Measure) -> float | None:
    value = (result.scores or {}).get(score.key)
    return value if isinstance(value, float) else None
