"""Curves and bars of a report, laid out."""

import pytest

from spacy_stablediff.measure.result import CurvePoint, Displacement, EditStability, Stability
from spacy_stablediff.view.curves import make_bar_charts, make_curve_sections, make_line_chart
from spacy_stablediff.view.figures import FLIPS, MEAN, read_figures
from spacy_stablediff.view.report import render_report
from spacy_stablediff.view.verdict import judge


def make_edit(flips, mean, score=None):
    displacement = Displacement(mean, mean, mean, mean, mean)
    return EditStability(displacement, 1.0, flips, None, {"cats_score": score})


def make_stability(flips):
    points = [CurvePoint(rate, make_edit(flips * rate, rate, 0.8 - rate)) for rate in (0.1, 0.2)]
    curves = {"letters": points, "capitals": [CurvePoint(1.0, make_edit(0.5, 0.4, 0.3))]}
    edits = {"typo": make_edit(flips, 0.1, 0.7)}
    return Stability(f"m{flips}", 10, 100, {"cats_score": 0.8}, edits, curves=curves)


def test_a_section_for_each_curve_and_a_chart_for_each_figure():
    (section,) = make_curve_sections([make_stability(1.0), make_stability(0.5)])
    assert section.name == "letters"
    titles = [chart.title for chart in section.charts]
    assert titles == ["Category score", "Category flips", "Mean displacement"]
    score = section.charts[0]
    assert score.summary == (
        "Category score by rate, more is better: 0%: 80.0%; 10%: 70.0%; 20%: 60.0% against "
        "0%: 80.0%; 10%: 70.0%; 20%: 60.0%"
    )


def test_lines_begin_with_the_clean_text_and_keep_to_scale():
    curves = [[(0.0, 0.0), (0.1, 0.2), (0.2, 0.4)], [(0.0, 0.0), (0.1, 0.1), (0.2, 0.3)]]
    chart = make_line_chart(FLIPS, curves)
    first = chart.lines[0].points
    assert first[1][0] - first[0][0] == pytest.approx(first[2][0] - first[1][0], abs=0.02)
    assert first[0][1] - first[1][1] == pytest.approx(first[1][1] - first[2][1], abs=0.2)
    assert len(list(chart.lines[0].segments)) == 2
    assert chart.y_ticks[0][1] == "0%" and chart.y_ticks[-1][1] == "40%"
    assert all(0 <= y <= chart.height for line in chart.lines for _, y, _ in line.points)


@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
def test_a_flat_line_is_drawn(value):
    chart = make_line_chart(MEAN, [[(0.0, value), (0.1, value)]])
    assert len(chart.y_ticks) >= 2


def test_what_has_one_rate_is_shown_as_bars():
    charts = make_bar_charts([make_stability(1.0)])
    labels = {chart.title: [group.label for group in chart.groups] for chart in charts}
    assert labels["Category score"] == ["clean text", "capitals"]
    assert labels["Category flips"] == ["capitals"]
    assert make_bar_charts([Stability("m", 1, 1, None, {})]) == []


def test_the_page_shows_curves_and_bars():
    html = render_report(make_stability(1.0), make_stability(0.5))
    assert "How much noise it bears" in html and html.count("<circle") == 2 * 3 * 3
    assert "<h3>Whole texts</h3>" in html
    assert "<circle" not in render_report(Stability("m", 1, 1, None, {"typo": make_edit(0, 0)}))


def test_the_verdict_looks_at_the_middle_of_the_first_curve():
    pair = [read_figures(make_stability(flips), name) for flips, name in ((1.0, "A"), (0.5, "B"))]
    assert judge(*pair).endswith(
        "With 20% letters, 'A' against 'B': category flips 20.0% against 10.0%."
    )
    same = [read_figures(make_stability(1.0), name) for name in "AB"]
    assert judge(*same).endswith("nothing that these documents can tell apart.")
