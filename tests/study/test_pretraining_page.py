"""The page about what `spacy pretrain` brings."""

import pytest

from study.plan import list_runs
from study.pretraining_page import render_pretraining
from study.results import read_lines

from .conftest import STUDY


def make_lines(plan, gain):
    """Lines in which seeds are a point apart, and pretraining gains something."""
    return [
        {
            **run._asdict(),
            "pretraining": None
            if run.embedding == "scratch"
            else {"seconds": 90.0, "words": 600000},
            "training_seconds": 60.0,
            "machine": "a machine",
            "test": {
                text: {
                    "score": 0.5 + run.seed / 100 + gain(run) * (run.embedding != "scratch"),
                    "displacement": 0.2 if run.embedding == "scratch" else 0.1,
                    "identity": 0.9,
                }
                for text in ["clean", *plan["test_edits"]]
            },
        }
        for run in list_runs(plan)
    ]


def test_page_is_made_of_plan_and_results(pretraining):
    page = (STUDY.parent / "docs" / "pretraining.md").read_text(encoding="utf8")
    assert render_pretraining(pretraining, read_lines(STUDY / "pretraining.jsonl")) == page


def test_page_says_what_is_gained_and_lost(pretraining):
    gains = {"baseline": 0.02, "stablediff": -0.02}
    page = render_pretraining(pretraining, make_lines(pretraining, lambda run: gains[run.variant]))
    assert "It raises the scores of: baseline on tweets, baseline on wnut." in page
    assert "of: stablediff on tweets, stablediff on wnut, stablediff on wnut (no words)." in page
    assert "chance:" not in page and "0.5 times as far" in page
    assert (
        "0.6 million words" in page and "1.5\nminutes" in page and "1,000 words: 1 minutes" in page
    )
    assert "| wnut | stablediff | pretrained, no words | 1 | -2.0 | -2.0 | -2.0 | -2.0 |" in page
    assert "| tweets | baseline | pretrained | 52.5 (52.0, 53.0) | 52.5 (52.0, 53.0) |" in page


@pytest.mark.parametrize("gains", [(0.009, 0.009), (0.05, -0.01)], ids=["small", "of one seed"])
def test_what_seeds_are_apart_is_chance(gains, pretraining):
    page = render_pretraining(pretraining, make_lines(pretraining, lambda run: gains[run.seed]))
    assert "It raises no scores." in page and "It lowers" not in page
    assert "may be chance: baseline on tweets, stablediff on tweets, baseline on wnut," in page


def test_page_says_what_is_missing(pretraining):
    lines = [line for line in make_lines(pretraining, lambda run: 0.1) if line["seed"] == 0]
    page = render_pretraining(pretraining, lines)
    assert "It raises no scores." in page and "Not run yet: tweets/scratch/baseline/1, " in page
    assert "? million words" in render_pretraining(pretraining, lines[:1])
