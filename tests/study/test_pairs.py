"""Differences between variants, over pairs of runs that have all else in common."""

import numpy
import pytest
from scipy.stats import ttest_rel

from study.pairs import compare_best
from study.summary import read_study

from .rival_examples import PLAN, make_lines


def test_runs_with_the_same_data_embedding_and_seed_are_compared():
    lines = [
        line
        for line in make_lines()
        if (line["data"], line["variant"], line["seed"]) != ("dutch", "augmentation", 1)
    ]
    study = read_study(PLAN, lines)
    assert compare_best(study, "baseline", "clean").pairs == 5
    difference = compare_best(study, "augmentation", "clean")
    assert difference.pairs == 4 and difference.mean == pytest.approx(0.03)
    assert compare_best(study, "baseline", "misspellings").pairs == 3
    assert compare_best(study, "nobody", "clean") is None


def test_the_interval_is_that_of_a_paired_t_test():
    rng, lines = numpy.random.default_rng(0), make_lines()
    for line in lines:
        line["test"]["clean"] = {"score": rng.normal(0.6, 0.05)}
    difference = compare_best(read_study(PLAN, lines), "baseline", "clean")
    scores = {
        name: [line["test"]["clean"]["score"] for line in lines if line["variant"] == name]
        for name in ("ours", "baseline")
    }
    interval = ttest_rel(scores["ours"], scores["baseline"]).confidence_interval(0.95)
    assert difference.mean - difference.margin == pytest.approx(interval.low)
    assert difference.mean + difference.margin == pytest.approx(interval.high)


def test_a_single_pair_has_no_interval():
    lines = [line for line in make_lines() if (line["data"], line["seed"]) == ("dutch", 0)]
    assert compare_best(read_study(PLAN, lines), "baseline", "clean").margin is None
