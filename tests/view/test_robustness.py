"""The robustness table: how much of a pipeline's predictions is left under errors."""

import json

import pytest

from spacy_stablediff import measure_stability
from spacy_stablediff.measure.defaults import default_curves
from spacy_stablediff.measure.result import CurvePoint, Displacement, EditStability, Stability
from spacy_stablediff.view.robustness import COLUMNS, make_robustness_tables

from ..pipelines import chain_pipeline, examples_for, train

CLEAN = {"ents_f": 0.8, "cats_macro_f": 0.9}


def make_point(rate, value, *, gold=True):
    """A point at which all scores, flips and agreement are the same, give or take 0.1."""
    scores = {"ents_f": value, "cats_macro_f": value} if gold else None
    keys = ("ents_f", "cats_macro_f", "cats_flips", "ents_agreement")
    intervals = dict.fromkeys(keys, (value - 0.1, value + 0.1))
    nothing = Displacement(*[None] * 5)
    return CurvePoint(rate, EditStability(nothing, None, value, value, scores, intervals=intervals))


def make_stability(model="model", *, gold=True):
    points = [make_point(rate, 0.5 - rate, gold=gold) for rate in (0.02, 0.1, 0.15)]
    curves = {
        "letters mistyped": points,
        "upper case": [make_point(1.0, 0.25, gold=gold)],
        "read by OCR": [make_point(0.1, 0.3, gold=gold)],
    }
    intervals = {"ents_f": (0.75, 0.85), "cats_macro_f": None}
    scores = CLEAN if gold else None
    return Stability(model, 1200, 9, scores, {}, curves=curves, intervals=intervals)


def test_scores_where_there_is_gold_annotation():
    entities, categories = make_robustness_tables([make_stability()])
    assert entities.columns == ["clean", "keystrokes 2%", "keystrokes 15%", "upper case"]
    assert entities.format_rows() == [
        ["model", "80.0 ± 5.0", "48.0 ± 10.0", "35.0 ± 10.0", "25.0 ± 10.0"]
    ]
    assert categories.format_rows()[0][1] == "90.0"
    assert "against the gold annotation" in entities.caption and "1,200 doc" in entities.caption


def test_agreement_with_the_clean_text_elsewhere():
    entities, categories = make_robustness_tables([make_stability(gold=False)])
    assert entities.gauge.label == "Entity agreement"
    assert entities.format_rows()[0] == [
        "model",
        "100.0",
        *["48.0 ± 10.0", "35.0 ± 10.0"],
        "25.0 ± 10.0",
    ]
    assert categories.gauge.label == "Category agreement"
    assert categories.format_rows()[0] == [
        "model",
        "100.0",
        *["52.0 ± 10.0", "65.0 ± 10.0"],
        "75.0 ± 10.0",
    ]


def test_a_baseline_has_a_row_of_its_own_and_what_it_lacks_is_said():
    baseline = make_stability("other")
    del baseline.curves["upper case"]
    baseline.scores = {"ents_f": 0.7}
    (table, _) = make_robustness_tables([make_stability(), baseline])
    assert list(table.rows) == ["model", "other"]
    assert table.format_rows()[1][1:] == ["70.0 ± 5.0", "48.0 ± 10.0", "35.0 ± 10.0", "n/a"]


def test_there_is_no_table_of_what_was_not_measured():
    assert make_robustness_tables([Stability("model", 1, 1, CLEAN, {})]) == []
    assert make_robustness_tables([Stability("model", 1, 1, None, {})]) == []


@pytest.fixture(scope="module")
def report():
    nlp = chain_pipeline(["textcat", "ner"])
    train(nlp)
    curves = default_curves(table=[("teh", "the")])
    return measure_stability(nlp, examples_for(nlp), curves=curves, baseline=nlp)


def test_the_default_curves_have_every_column(report):
    assert [table.columns[1:] for table in report.robustness] == [list(COLUMNS)] * 2


def test_page_json_and_markdown_show_the_same_figures(report):
    figures = json.loads(json.dumps(report.to_dict()))["robustness"]
    html, markdown = report.to_html(), report.tabulate_robustness()
    assert figures.keys() == {"ents_f", "cats_macro_f"}
    for table in report.robustness:
        assert table.caption in html and table.caption in markdown
        for row in table.format_rows():
            name, *cells = row
            assert "".join(f"<td>{cell}</td>" for cell in cells) in html
            assert [
                cell.strip()
                for cell in next(
                    line
                    for line in markdown.splitlines()
                    if line.startswith(f"| {name} |") and cells[1] in line
                )
                .strip("|")
                .split("|")
            ] == row
            for column, cell in zip(table.columns, cells, strict=True):
                figure = figures[table.gauge.key][name][column]
                assert f"{100 * figure['value']:.1f}" == cell.split(" ± ")[0]


def test_bars_in_names_are_escaped_in_markdown():
    (table, _) = make_robustness_tables([make_stability("a|b")])
    assert table.to_markdown().splitlines()[-1].startswith(r"| a\|b |")


def test_figures_are_those_of_the_curves(report):
    lower = report.robustness[0].to_dict()["en_pipeline"]["lower case"]
    point = report.curves["lower case"][0].figures
    assert lower["value"] == point.scores["ents_f"]
    assert (
        report.robustness[0].to_dict()["en_pipeline"]["clean"]["value"] == report.scores["ents_f"]
    )


def test_without_curves_there_is_nothing_to_tabulate():
    nlp = chain_pipeline(["textcat"])
    train(nlp)
    report = measure_stability(nlp, examples_for(nlp))
    assert report.robustness == [] and report.to_dict()["robustness"] == {}
    assert "<h2>Robustness</h2>" not in report.to_html()
    with pytest.raises(ValueError, match=r"\[SD126\].*'curves'.*default_curves"):
        report.tabulate_robustness()
