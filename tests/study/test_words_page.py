"""The page about what the graph of words does."""

import pytest

from study.config import make_config
from study.plan import Run, list_runs, read_plan
from study.results import read_lines
from study.schedule import list_missing
from study.words_page import render_words

from .conftest import STUDY


@pytest.fixture(scope="module")
def words():
    """The plan of these measurements."""
    return read_plan(STUDY / "words.yml")


def make_lines(plan):
    """Lines in which the graph gains two points for each seed."""
    return [
        {
            **run._asdict(),
            "setting": setting,
            "machine": "a machine",
            "test": {
                "clean": {"score": 0.5 + run.seed / 100},
                "letters 15 %": {"score": 0.4 + 0.02 * (setting == "graph"), "displacement": 0.25},
            },
        }
        for run in list_runs(plan)
        for setting in plan["settings"]
    ]


def test_page_is_made_of_plan_and_results(words):
    page = (STUDY.parent / "docs" / "words.md").read_text(encoding="utf8")
    assert render_words(words, read_lines(STUDY / "words.jsonl")) == page


def test_page_shows_means_and_seeds(words):
    page = render_words(words, make_lines(words))
    assert "where there are 2." in page and "Not run yet" not in page
    assert "| tweets | without | 50.5 (50.0, 51.0) |  | 40.0 (40.0, 40.0) |" in page
    assert "| tweets | graph | 50.5 (50.0, 51.0) |  | 42.0 (42.0, 42.0) |" in page
    assert "| tweets, vectors | graph | 50.0 |  | 42.0 |" in page
    assert "| tweets | graph |  |  | 0.250 |" in page
    assert "| tweets | +0.0 |  | +2.0 |" in page and "| mean | +0.0 |  | +2.0 |" in page
    assert "| wnut | trained-unknown | 50.0 | 42.0 |" in page


def test_page_says_what_is_missing(words):
    lines = [line for line in make_lines(words) if line["data"] != "dutch"]
    assert [run.data for run in list_missing(words, lines)] == ["dutch", "dutch"]
    assert "Not run yet: dutch/scratch/trained/0, dutch/scratch/trained/1." in render_words(
        words, lines
    )


def test_each_setting_is_one_of_the_graph_of_words(words):
    model = make_config(words, Run("tweets", "scratch", "trained", 0))["components"]["tok2vec"]
    assert all(each.keys() <= model["model"].keys() for each in words["settings"].values())


def test_pipelines_have_the_language_of_their_data(words):
    assert make_config(words, Run("dutch", "scratch", "trained", 0))["nlp"]["lang"] == "nl"


def test_static_vectors_are_part_of_the_embedding(words):
    config = make_config(words, Run("tweets", "vectors", "trained", 0))
    assert config["paths"]["vectors"] == words["vectors"]
    assert config["components"]["tok2vec"]["model"]["tok2vec"]["pretrained_vectors"] is True
