"""The numbers of the study, against values computed by hand."""

import math

import pytest
from scipy.stats import ttest_ind

from study.figures import AGREEMENT, CLEAN, DISPLACEMENT, EDITED, FLIPS, IDENTITY, SPEED, TRAINING
from study.stats import Stat, describe, pool_deviations
from study.summary import Gain, read_study

from .examples import PLAN, make_line, make_lines


def test_mean_and_sample_deviation_over_seeds(study):
    cell = study.cells["films", "scratch", "best"]
    assert cell.figures[CLEAN] == pytest.approx((0.77, math.sqrt(2) * 0.01, 2))
    assert cell.figures[EDITED] == pytest.approx((0.75, math.sqrt(2) * 0.01, 2))
    assert cell.figures[DISPLACEMENT].mean == pytest.approx(0.15)
    assert cell.seeds == 2


def test_figures_against_the_baseline_with_the_same_seed(study):
    films, wnut = (study.cells[data, "scratch", "best"].against for data in PLAN["data"])
    assert films[DISPLACEMENT].mean == pytest.approx(0.5)
    assert films["test", "casing", "p95"].mean == pytest.approx(0.5)
    assert films[IDENTITY].mean == 0
    assert films[FLIPS].mean == pytest.approx(0.5)
    assert films[TRAINING].mean == pytest.approx((2 + 200 / 101) / 2)
    assert films[SPEED].mean == pytest.approx(0.98)
    assert wnut[AGREEMENT].mean == pytest.approx(0.1)
    assert FLIPS not in wnut


def test_gain_is_over_the_better_of_the_others(study):
    films, wnut = (study.get_gain(CLEAN, data, "scratch") for data in PLAN["data"])
    assert films.difference == pytest.approx(0.77 - 0.73)
    assert wnut.difference == pytest.approx(0.22 - 0.21)
    assert films.spread == pytest.approx(math.sqrt(2) * 0.01)
    assert (films.is_clear, wnut.is_clear) == (True, False)
    assert study.get_average_gain(CLEAN, "scratch") == pytest.approx(0.025)


def test_deviations_are_pooled_by_their_degrees_of_freedom():
    one, two, three = Stat(0, None, 1), Stat(0, 0.6, 2), Stat(0, 0.3, 3)
    assert pool_deviations([three, one]) == pytest.approx(0.3)
    assert pool_deviations([one]) is None
    assert pool_deviations([three, two]) == pytest.approx(math.sqrt(0.54 / 3))


def test_a_gain_has_the_interval_of_two_means():
    ours, theirs = [0.62, 0.6, 0.65], [0.58, 0.61, 0.55, 0.57, 0.58]
    gain = Gain(describe(ours), describe(theirs))
    low, high = ttest_ind(ours, theirs, equal_var=False).confidence_interval(0.95)
    assert gain.difference + gain.margin == pytest.approx(high)
    assert gain.difference - gain.margin == pytest.approx(low)
    assert Gain(describe(ours), describe([0.6])).margin is None
    assert Gain(describe([0.6, 0.6]), describe([0.6, 0.6])).margin == 0


def test_runs_that_are_missing_are_left_out():
    lines = [line for line in make_lines() if (line["data"], line["variant"]) != ("wnut", "best")]
    study = read_study(PLAN, lines[1:])
    assert [run.key for run in study.missing] == [
        "films/scratch/baseline/0",
        "wnut/scratch/best/0",
        "wnut/scratch/best/1",
    ]
    assert study.get_stat(CLEAN, "films", "scratch", "baseline") == Stat(0.72, None, 1)
    assert study.get_gain(CLEAN, "wnut", "scratch") is None
    assert study.get_average_gain(CLEAN, "scratch") is None


def test_runs_that_are_not_planned_do_not_count(study):
    lines = [*make_lines(), {**make_line("films", "best", 0), "seed": 7}]
    more = read_study(PLAN, lines)
    assert more.unplanned == 1
    assert more.cells == study.cells


def test_edited_score_needs_every_edit():
    lines = make_lines()
    del lines[0]["test"]["casing"]
    study = read_study(PLAN, lines)
    assert study.get_stat(CLEAN, "films", "scratch", "baseline").n == 2
    assert study.get_stat(EDITED, "films", "scratch", "baseline").n == 1
