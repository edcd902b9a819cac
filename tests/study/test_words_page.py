"""What the graph of words does: which pipelines are measured, and the page about them."""

import pytest

from study.config import make_config
from study.plan import Run, list_runs, read_words_plan
from study.results import read_lines
from study.schedule import list_missing
from study.words_page import render_words

from .conftest import STUDY


@pytest.fixture(scope="module")
def words():
    """The plan of these measurements."""
    return read_words_plan(STUDY / "words.yml")


def make_lines(plan, seeds=1):
    """Lines in which the graph gains two points for each seed."""
    return [
        {
            **run._replace(seed=seed)._asdict(),
            "setting": setting,
            "machine": "a machine",
            "test": {
                "clean": {"score": 0.5 + seed / 100},
                "letters 15 %": {"score": 0.4 + 0.02 * (setting == "graph"), "displacement": 0.25},
            },
        }
        for run in list_runs(plan)
        for seed in range(seeds)
        for setting in plan["settings"]
    ]


def read_rows(page, data):
    """The figures of a data set by the texts that they are of, from each table."""
    tables = [[]]
    for line in page.splitlines():
        if line.startswith("|"):
            tables[-1].append([cell.strip() for cell in line.strip("|").split("|")])
        elif tables[-1]:
            tables.append([])
    names = ("data", "graph of words")
    return [
        {text: cell for text, cell in zip(head, row, strict=True) if cell and text not in names}
        for head, *rows in filter(None, tables)
        for row in rows
        if row[0] == data
    ]


def test_page_is_made_of_plan_and_results(words):
    page = (STUDY.parent / "docs" / "words.md").read_text(encoding="utf8")
    assert render_words(words, read_lines(STUDY / "words.jsonl")) == page


def test_page_shows_means_and_seeds(words):
    page = render_words(words, make_lines(words, seeds=2))
    assert "Not run yet" not in page
    assert read_rows(page, "tweets") == [
        {"clean": "+0.0", "letters 15 %": "+2.0"},
        {"clean": "50.5 (50.0, 51.0)", "letters 15 %": "40.0 (40.0, 40.0)"},
        {"clean": "50.5 (50.0, 51.0)", "letters 15 %": "40.0 (40.0, 40.0)"},
        {"clean": "50.5 (50.0, 51.0)", "letters 15 %": "42.0 (42.0, 42.0)"},
        *[{"letters 15 %": "0.250"}] * 3,
    ]
    assert read_rows(page, "mean") == [{"clean": "+0.0", "letters 15 %": "+2.0"}]
    assert "| tweets, pretrained | graph |" in page


def test_page_says_what_is_missing(words):
    lines = [line for line in make_lines(words) if line["data"] != "dutch"]
    assert [run.data for run in list_missing(words, lines)] == ["dutch"]
    assert "Not run yet: dutch/scratch/stablediff/0." in render_words(words, lines)


def test_pipelines_are_those_of_the_comparison(words, rivals):
    runs = list_runs(words)
    assert set(runs) <= set(list_runs(rivals))
    assert all(make_config(words, run) == make_config(rivals, run) for run in runs)


def test_each_setting_is_one_of_the_graph_of_words(words):
    model = make_config(words, Run("tweets", "scratch", "stablediff", 0))["components"]["tok2vec"]
    assert all(each.keys() <= model["model"].keys() for each in words["settings"].values())
