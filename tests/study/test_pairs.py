"""Differences between variants, over data sets, in runs that have all else in common."""

import numpy
import pytest
from scipy.stats import ttest_1samp

from study.pairs import compare_best, count_pairs
from study.summary import read_study

from .rival_examples import PLAN, make_lines


def test_runs_with_the_same_data_embedding_and_seed_are_compared():
    lines = [
        line
        for line in make_lines()
        if (line["data"], line["variant"], line["seed"]) != ("dutch", "augmentation", 1)
    ]
    study = read_study(PLAN, lines)
    assert count_pairs(study, "baseline", "scratch") == (2, 4)
    assert count_pairs(study, "augmentation", "scratch") == (2, 3)
    assert count_pairs(study, "baseline", "pretrained") == (1, 1)
    assert compare_best(study, "augmentation", "clean", "scratch").mean == pytest.approx(0.03)
    assert compare_best(study, "nobody", "clean", "scratch") is None


def test_data_sets_are_counted_for_the_interval_and_not_seeds():
    rng, lines = numpy.random.default_rng(0), make_lines()
    scores = {}
    for line in lines:
        line["test"]["clean"] = {"score": rng.normal(0.6, 0.05)}
        key = line["data"], line["variant"], line["seed"], line["embedding"]
        scores[key] = line["test"]["clean"]["score"]
    difference = compare_best(read_study(PLAN, lines), "baseline", "clean", "scratch")
    means = [
        numpy.mean(
            [
                scores[data, "ours", seed, "scratch"] - scores[data, "baseline", seed, "scratch"]
                for seed in (0, 1)
            ]
        )
        for data in ("btc", "dutch")
    ]
    interval = ttest_1samp(means, 0).confidence_interval(0.95)
    assert difference.mean - difference.margin == pytest.approx(interval.low)
    assert difference.mean + difference.margin == pytest.approx(interval.high)


def test_a_single_data_set_has_no_interval():
    lines = [line for line in make_lines() if line["data"] == "dutch"]
    study = read_study(PLAN, lines)
    assert compare_best(study, "baseline", "clean", "scratch").margin is None
