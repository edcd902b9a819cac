"""The page `stability.html`: the figures of a measurement as charts, tables and samples."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import accumulate, groupby

from ..about import __version__
from ..measure.bootstrap import find_interval
from ..measure.result import SampleView, Stability, TokenView
from .charts import Chart, make_chart, make_histogram
from .curves import make_bar_charts, make_curve_sections
from .figures import (
    AGREEMENT,
    DISPLACEMENTS,
    FLIPS,
    IDENTITY,
    MEAN,
    MEASURES,
    SCORES,
    TAIL,
    Figures,
    Measure,
    compare,
    name_pipelines,
    read_figures,
)
from .page import fill_template
from .robustness import make_robustness_tables
from .verdict import judge

HEADLINES = [FLIPS, AGREEMENT, MEAN, TAIL, IDENTITY]
SHADES = 10  # steps of the colour that a token's displacement is shown with


def render_report(result: Stability, baseline: Stability | None = None) -> str:
    """Return a page about the stability of a pipeline, complete in one file.

    result (Stability): The measurement.
    baseline (Optional[Stability]): That of the pipeline to compare it with, on the
        same documents.
    RETURNS (str): HTML.
    """
    measured = [result, baseline] if baseline else [result]
    names = name_pipelines(*(each.model for each in measured))
    pair = [read_figures(each, name) for each, name in zip(measured, names, strict=True)]
    return fill_template(
        "report.html.jinja",
        result=result,
        pipelines=[(name, each.model) for name, each in zip(names, measured, strict=True)],
        verdict=judge(*pair),
        tiles=[make_tile(measure, pair) for measure in HEADLINES if _is_known(measure, pair)],
        edits=[make_edit_section(edit, pair, measured) for edit in result.edits],
        robustness=make_robustness_tables(measured),
        curves=make_curve_sections(measured),
        bars=make_bar_charts(measured),
        scores=[make_score_section(score, pair) for score in SCORES if _is_known(score, pair)],
        samples=pair_samples(result.samples, baseline.samples if baseline else []),
        mended=[(name, each.mended) for name, each in zip(names, measured, strict=True)],
        provenance=list(describe_provenance(result)),
        shades=SHADES,
        version=__version__,
    )


# Figures: each is a list of values, one for each pipeline.


@dataclass
class Tile:
    """A figure averaged over the edits, where it may lie, and how the two pipelines compare."""

    measure: Measure
    values: list[str]
    interval: str
    comparison: str


def make_tile(measure: Measure, pair: list[Figures]) -> Tile:
    """Average a figure over the edits, and compare."""
    values = [measure.format(figures.average(measure.key)) for figures in pair]
    resampled = pair[0].resample(measure.key)
    interval = None if resampled is None else find_interval(resampled)
    comparison = compare(measure, *pair).verdict if len(pair) > 1 else ""
    return Tile(measure, values, _format_interval(measure, interval), comparison)


@dataclass
class Section:
    """Charts with a table of the same figures beside them."""

    name: str
    charts: list[Chart]
    rows: list[tuple[str, list[str], str]]  # label, values, their ratio
    more: list[Chart] = field(default_factory=list)
    labels: list[tuple[str, list[tuple[str, list[str]]]]] = field(default_factory=list)


def make_edit_section(edit: str, pair: list[Figures], measured: list[Stability]) -> Section:
    """Show how far one kind of edit moves vectors and predictions."""
    known = [measure for measure in MEASURES if _is_known(measure, pair)]
    values = {m.key: [figures.edits.get(edit, {}).get(m.key) for figures in pair] for m in known}
    moved = [(m.label, values[m.key]) for m in DISPLACEMENTS if m in known]
    limit = max((_get_limit(m, pair) for m in DISPLACEMENTS if m in known), default=1.0)
    charts = [
        make_chart(m.label, m, [("", values[m.key])], _get_limit(m, pair))
        for m in (FLIPS, AGREEMENT, IDENTITY)
        if m in known
    ]
    charts.append(make_chart("Displacement", MEAN, moved, limit))
    rows = [_make_row(m, m.label, values[m.key]) for m in known]
    histogram = make_histogram([each.edits.get(edit) for each in measured])
    return Section(edit, charts, rows, histogram, tabulate_labels(edit, measured))


def tabulate_labels(
    edit: str, measured: list[Stability]
) -> list[tuple[str, list[tuple[str, list[str]]]]]:
    """Tabulate flips and agreement label by label."""
    tables = []
    for measure in (FLIPS, AGREEMENT):
        each = [
            result.edits[edit].labels.get(measure.key, {}) if edit in result.edits else {}
            for result in measured
        ]
        rows = [
            (label, [measure.format(values.get(label)) for values in each])
            for label in sorted(set().union(*each))
        ]
        if rows:
            tables.append((measure.label, rows))
    return tables


def make_score_section(score: Measure, pair: list[Figures]) -> Section:
    """Show one of spaCy's scores on clean text and on text of each edit."""
    texts = {"clean text": [figures.clean[score.key] for figures in pair]} | {
        edit: [figures.edits.get(edit, {}).get(score.key) for figures in pair]
        for edit in pair[0].edits
    }
    chart = make_chart(score.label, score, list(texts.items()), 1.0)
    rows = [_make_row(score, text, values) for text, values in texts.items()]
    return Section(score.label, [chart], rows)


# Sample documents.


@dataclass
class Line:
    """A clean or an edited text: runs of tokens, each under an entity's label or ""."""

    title: str
    runs: list[tuple[str, list[TokenView]]]


@dataclass
class Pane:
    """What one pipeline makes of a sample.

    pipeline (int): Its index.
    lines (List[Line]): The clean and the edited text.
    category (str): The top category, or the two with an arrow if it changes.
    flips (bool): Whether it changes.
    ents (List[str]): The labels that the edit took or gave, such as "1 PERSON lost".
    """

    pipeline: int
    lines: list[Line]
    category: str
    flips: bool
    ents: list[str]


@dataclass
class Sample:
    """A sample document under one edit, as one or two pipelines see it."""

    edit: str
    panes: list[Pane]

    @property
    def is_hit(self) -> bool:
        """Whether the edit changes a prediction of any pipeline."""
        return any(pane.flips or pane.ents for pane in self.panes)


def pair_samples(samples: list[SampleView], others: list[SampleView]) -> list[Sample]:
    """Put what the second pipeline makes of each sample beside the first, if it has it."""
    by_text = {_get_text(other): other for other in others}
    paired = []
    for sample in samples:
        views = [sample, by_text.get(_get_text(sample))]
        panes = [make_pane(i, view) for i, view in enumerate(views) if view]
        paired.append(Sample(sample.edit, panes))
    return paired


def make_pane(pipeline: int, sample: SampleView) -> Pane:
    """Lay out a sample, with the predictions that the edit changes."""
    clean, edited = sample.clean_cat, sample.edited_cat
    flips = clean != edited
    return Pane(
        pipeline=pipeline,
        lines=[Line("clean", _find_runs(sample.clean)), Line("edited", _find_runs(sample.edited))],
        category=f"{clean or 'none'} → {edited or 'none'}" if flips else clean or "",
        flips=flips,
        ents=_compare_ents(sample),
    )


def _get_text(sample: SampleView) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    return (
        sample.edit,
        tuple(token.text for token in sample.clean),
        tuple(token.text for token in sample.edited),
    )


def _find_runs(tokens: list[TokenView]) -> list[tuple[str, list[TokenView]]]:
    """Group neighbouring tokens by entity."""
    numbers = accumulate(token.begins for token in tokens)
    pairs = groupby(zip(tokens, numbers, strict=True), key=lambda pair: (pair[0].ent, pair[1]))
    return [(ent, [token for token, _ in run]) for (ent, _), run in pairs]


def _compare_ents(sample: SampleView) -> list[str]:
    """Count the entities of each label that the edit took or gave."""
    before, after = (
        Counter(label for label, _ in _find_runs(tokens) if label)
        for tokens in (sample.clean, sample.edited)
    )
    lost = [f"{count} {label} lost" for label, count in sorted((before - after).items())]
    return lost + [f"{count} {label} gained" for label, count in sorted((after - before).items())]


def describe_provenance(result: Stability) -> Iterator[str]:
    """Say where the figures come from, in a line each."""
    origin = result.provenance
    yield f"Vectors read at: {result.place}."
    if not origin:
        return
    limit = f", the first {origin['limit']:,} documents" if origin["limit"] else ""
    yield f"Data: {origin['data'] or 'given in Python'}{limit}. Seed {origin['seed']}, {origin['date']}."
    for name, edit in origin["edits"].items():
        yield f"{name}: {_describe_edit(edit)}."
    yield ", ".join(f"{package} {version}" for package, version in origin["versions"].items()) + "."


def _describe_edit(edit: object) -> str:
    if not isinstance(edit, dict):
        return str(edit)
    settings = [f"{key} {value}" for key, value in edit.items() if key != "@augmenters"]
    return f"{edit['@augmenters']}, {', '.join(settings)}"


def _format_interval(measure: Measure, interval: tuple[float, float] | None) -> str:
    """Write where a figure may lie: "0.101 to 0.125", or "" where that isn't known."""
    return " to ".join(map(measure.format, interval)) if interval else ""


def _is_known(measure: Measure, pair: list[Figures]) -> bool:
    """Tell whether a pipeline has the figure for any edit."""
    return any(figures.average(measure.key) is not None for figures in pair)


def _get_limit(measure: Measure, pair: list[Figures]) -> float:
    """Return the end of a figure's scale, the same for all edits."""
    if not measure.lower_is_better:
        return 1.0
    values = [edit[measure.key] for figures in pair for edit in figures.edits.values()]
    return max((value for value in values if value), default=1.0)


def _make_row(
    measure: Measure, label: str, values: list[float | None]
) -> tuple[str, list[str], str]:
    """Write a row of a table, with the ratio of two values."""
    ratio = f"{values[0] / values[-1]:.2f}" if values[0] is not None and values[-1] else "n/a"
    return label, [measure.format(value) for value in values], ratio
