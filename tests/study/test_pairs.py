"""Differences between variants, over data sets, in runs that have all else in common."""

import numpy
import pytest
from scipy.stats import ttest_1samp

from study.figures import CLEAN, EDITED
from study.pairs import compare, count_pairs
from study.rival_targets import RIVAL_TARGETS
from study.strongest import average_gain
from study.summary import read_study
from study.targets import judge

from .rival_examples import PLAN, make_line, make_lines


def test_runs_with_the_same_data_embedding_and_seed_are_compared():
    lines = [
        line
        for line in make_lines()
        if (line["data"], line["variant"], line["seed"]) != ("dutch", "augmentation", 1)
    ]
    study = read_study(PLAN, lines)
    assert count_pairs(study, "ours", "baseline", "scratch") == (2, 4)
    assert count_pairs(study, "ours", "augmentation", "scratch") == (2, 3)
    assert count_pairs(study, "ours", "baseline", "pretrained") == (1, 1)
    assert compare(study, "ours", "augmentation", CLEAN, "scratch").mean == pytest.approx(0.03)
    assert compare(study, "ours", "baseline", EDITED, "scratch").mean > 0.1
    assert compare(study, "augmentation", "ours", CLEAN, "scratch").mean == pytest.approx(-0.03)
    assert compare(study, "ours", "nobody", CLEAN, "scratch") is None


def test_data_sets_are_counted_for_the_interval_and_not_seeds():
    rng, lines = numpy.random.default_rng(0), make_lines()
    scores = {}
    for line in lines:
        line["test"]["clean"] = {"score": rng.normal(0.6, 0.05)}
        key = line["data"], line["variant"], line["seed"], line["embedding"]
        scores[key] = line["test"]["clean"]["score"]
    difference = compare(read_study(PLAN, lines), "ours", "baseline", CLEAN, "scratch")
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


def test_data_sets_of_the_same_texts_count_once():
    same = {"btc": PLAN["data"]["btc"], "btc-names": {**PLAN["data"]["btc"], "texts": "btc"}}
    plan = {**PLAN, "data": {**same, "dutch": PLAN["data"]["dutch"]}}
    gains, lines = {"btc": 0.02, "btc-names": 0.04, "dutch": 0.09}, []
    for data, gain in gains.items():
        one, ours = (make_line("btc", "scratch", name, 0) for name in ("baseline", "ours"))
        ours["test"]["clean"] = {"score": one["test"]["clean"]["score"] + gain}
        lines += [{**one, "data": data}, {**ours, "data": data}]
    study = read_study(plan, lines)
    difference = compare(study, "ours", "baseline", CLEAN, "scratch")
    interval = ttest_1samp([0.03, 0.09], 0).confidence_interval(0.95)
    assert difference.mean == pytest.approx(0.06)
    assert difference.margin == pytest.approx((interval.high - interval.low) / 2)
    assert average_gain(study, CLEAN, "scratch") == pytest.approx(0.06)
    judged = {
        each.target.title: each for each in judge(study, RIVAL_TARGETS) if each.embedding is None
    }
    assert judged["Clean score"].value == pytest.approx(0.06) and judged["Clean score"].cells == 3
    assert judged["Clean score, where it gains least"].value == pytest.approx(0.02)


def test_a_single_data_set_has_no_interval():
    lines = [line for line in make_lines() if line["data"] == "dutch"]
    study = read_study(PLAN, lines)
    assert compare(study, "ours", "baseline", CLEAN, "scratch").margin is None
