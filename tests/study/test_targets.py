"""Whether the best variant meets the targets of the study."""

import pytest

from study.summary import read_study
from study.targets import CLEARLY, judge

from .examples import PLAN, make_lines


def judge_all(study):
    return {each.target.title: each for each in judge(study) if each.embedding is None}


def test_targets_are_met(study):
    verdicts = judge_all(study)
    expected = {
        "Clean score, where it gains least": 0.01,
        "Clean score": 0.025,
        "Edited score": 0.025,
        CLEARLY: 0.5,
        "Displacement, mean": 0.5,
        "Displacement, 95th percentile": 0.5,
        "Identity": 0,
        "Category flips": 0.5,
        "Words per second": 0.98,
    }
    assert {title: each.value for title, each in verdicts.items()} == pytest.approx(expected)
    assert [title for title, each in verdicts.items() if not each.met] == [CLEARLY]
    assert (verdicts["Category flips"].cells, verdicts["Words per second"].cells) == (1, 2)


def test_targets_are_missed():
    lines = make_lines()
    for line in lines:
        if line["variant"] == "best":
            worsen(line)
    verdicts = judge_all(read_study(PLAN, lines))
    assert [title for title, each in verdicts.items() if each.met] == []
    assert verdicts["Clean score, where it gains least"].value == pytest.approx(-0.01)


def worsen(line):
    line["speed_ratio"] = 0.9
    for values in line["test"].values():
        values["score"] -= 0.02
        values |= dict.fromkeys(values.keys() & {"displacement", "p95"}, 0.85)
        values |= dict.fromkeys(values.keys() & {"identity", "cats_flips"}, 0.8)


def test_targets_are_judged_by_what_was_run():
    lines = [line for line in make_lines() if (line["data"], line["variant"]) != ("wnut", "best")]
    verdict = judge_all(read_study(PLAN, lines))["Clean score"]
    assert (verdict.cells, verdict.planned, verdict.met) == (1, 2, True)


def test_nothing_is_judged_before_the_first_run():
    assert {each.met for each in judge(read_study(PLAN, []))} == {None}
