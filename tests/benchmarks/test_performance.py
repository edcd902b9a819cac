"""The page on performance is what the benchmark's results say."""

from pathlib import Path

import pytest
import srsly

from benchmarks.figures import fit_exponent, ratio
from benchmarks.report import render_performance
from benchmarks.targets import Measured

ROOT = Path(__file__).parents[2]


def test_page_is_made_of_the_results():
    results = srsly.read_json(ROOT / "benchmarks" / "results.json")
    page = (ROOT / "docs" / "performance.md").read_text(encoding="utf8")
    assert render_performance(results, "performance.png") == page


def test_ratios_are_taken_round_by_round():
    ours = {"name": "ours", "seconds": [1.0, 2.0, 30.0]}
    other = {"name": "other", "seconds": [3.0, 6.0, 60.0]}
    assert ratio([ours, other], "other", "ours") == 3


@pytest.mark.parametrize("exponent", [0.5, 1.0, 2.0])
def test_exponent_is_that_of_the_growth(exponent):
    points = [{"tokens": n, "seconds": [9.0, 1e-12 * n**exponent, 0.0]} for n in (10, 1000, 50_000)]
    assert fit_exponent(points) == pytest.approx(exponent)
    points[0]["seconds"] = [5.0]
    assert fit_exponent(points, smallest=1000) == pytest.approx(exponent)


def test_verdict_counts_the_cases_that_are_met():
    assert Measured("cost", "<=", 2, {"a": 1.0, "b": 2.0}).verdict == "met"
    assert Measured("cost", "<=", 2, {"a": 1.0, "b": 3.0}).verdict == "met in 1 of 2"
    assert Measured("speed", ">=", 2, {"a": 1.0}).verdict == "missed"
    assert Measured("share", ">", 2, {"a": 2.0}).verdict == "missed"
