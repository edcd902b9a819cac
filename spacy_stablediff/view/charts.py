"""Bar charts, laid out: heights in pixels, widths in per cent, so that they stretch to the page."""

from dataclasses import dataclass
from itertools import pairwise

from ..measure.result import EditStability
from .figures import Measure

LABEL_HEIGHT, BAR_HEIGHT, GAP, AXIS_HEIGHT = 19, 15, 8, 18
LONGEST_BAR = 84  # leaves room for the figure at its end
HISTOGRAM_STEP = 4  # bins of the histogram that one bar stands for


@dataclass
class Bar:
    """A bar: from the left to `width` per cent."""

    y: int
    width: float
    text: str


@dataclass
class Group:
    """The bars of one figure, one for each pipeline, under their label."""

    label: str
    y: int
    bars: list[Bar]


@dataclass
class Chart:
    """A bar chart, laid out."""

    title: str
    hint: str
    height: int
    groups: list[Group]
    ticks: list[tuple[float, str]]

    @property
    def summary(self) -> str:
        """The chart in words."""
        groups = [f"{g.label} {' against '.join(b.text for b in g.bars)}" for g in self.groups]
        return f"{self.title}, {self.hint}: {'; '.join(groups)}"


def make_chart(
    title: str,
    measure: Measure,
    rows: list[tuple[str, list[float | None]]],
    limit: float,
    *,
    hint: str | None = None,
) -> Chart:
    """Lay out a bar chart.

    title (str): What it shows.
    measure (Measure): How values are written, and which are good.
    rows (List[Tuple[str, List[Optional[float]]]]): Label and values of each group.
    limit (float): The value > 0 whose bar is the longest.
    hint (Optional[str]): How to read it, by default which values are good.
    RETURNS (Chart): The chart.
    """
    groups, y = [], 0
    for label, values in rows:
        group = Group(label, y, [])
        y += LABEL_HEIGHT if label else 0
        for value in values:
            group.bars.append(Bar(y, _scale(value or 0.0, limit), measure.format(value)))
            y += BAR_HEIGHT
        groups.append(group)
        y += GAP
    hint = hint or ("less is better" if measure.lower_is_better else "more is better")
    ticks = [(_scale(tick, limit), format_tick(tick, measure)) for tick in find_ticks(limit)]
    return Chart(title, hint, y + AXIS_HEIGHT, groups, ticks)


def make_histogram(edits: list[EditStability | None]) -> list[Chart]:
    """Lay out how displacements are distributed, none where nothing is known."""
    histograms = [edit.histogram if edit else None for edit in edits]
    first = next((histogram for histogram in histograms if histogram), None)
    if first is None:
        return []
    edges = [*first.edges[::HISTOGRAM_STEP], None]
    rows: list[tuple[str, list[float | None]]] = []
    for i, (start, end) in enumerate(pairwise(edges)):
        bins = slice(i * HISTOGRAM_STEP, (i + 1) * HISTOGRAM_STEP)
        label = f"{start:.1f} to {end:.1f}" if end is not None else f"{start:.1f} and more"
        rows.append((label, [sum(h.shares[bins]) if h else None for h in histograms]))
    share = Measure("share", "Share of tokens", is_share=True)
    return [make_chart("Tokens by displacement", share, rows, 1.0, hint="share of the tokens")]


def find_ticks(limit: float) -> list[float]:
    """Return round numbers from 0 up to a limit > 0, no more than six."""
    steps = (digit * 10.0**exponent for exponent in range(-9, 10) for digit in (1, 2, 5))
    step = next((step for step in steps if limit / step < 6), limit)
    return [round(i * step, 9) for i in range(int(limit / step) + 1)]


def format_tick(tick: float, measure: Measure) -> str:
    """Format a round number as briefly as it can be: "40%" for a share, "0.2" for a distance."""
    return f"{100 * tick:g}%" if measure.is_share else f"{tick:g}"


def _scale(value: float, limit: float) -> float:
    return round(LONGEST_BAR * value / limit, 2)
