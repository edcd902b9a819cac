"""Whether the recommended set-up meets its targets against rivals at full strength."""

import pytest

from study.rival_targets import RIVAL_TARGETS
from study.summary import read_study
from study.targets import judge

from .rival_examples import PLAN, make_lines


def judge_all(study):
    verdicts = judge(study, RIVAL_TARGETS)
    return {each.target.title: each for each in verdicts if each.embedding is None}


def test_targets_are_measured():
    verdicts = judge_all(read_study(PLAN, make_lines()))
    lower = {seeds: 1 - 0.15 / score for seeds, score in ((2, 0.62), (1, 0.61))}
    upper = {seeds: 1 - 0.20 / score for seeds, score in ((2, 0.62), (1, 0.61))}
    expected = {
        "Clean score, where it gains least": 0.01,
        "Clean score": 0.01,
        "Score under light edits": 0.03,
        "Score with 15 % of letters mistyped": 0.03,
        "Score with all known misspellings": 0.03,
        "Entities in lower case": (2 * lower[2] + lower[1]) / 3,
        "Entities in capitals": (2 * upper[2] + upper[1]) / 3,
        "Displacement by light edits": 0.5,
        "Flips by light edits": None,
        "Disagreement of entities": 0.5,
        "Identity": 0.0,
        "What diffusion adds to edited scores": None,
        "Training time": 1.5,
        "Words per second": 0.98,
    }
    assert verdicts.keys() == expected.keys()
    for title, value in expected.items():
        assert verdicts[title].value == (pytest.approx(value) if value is not None else None), title
    assert (verdicts["Clean score"].cells, verdicts["Clean score"].planned) == (3, 3)
    assert verdicts["Score with all known misspellings"].cells == 2
    assert [title for title, each in verdicts.items() if each.met is False] == [
        "Score with 15 % of letters mistyped",
        "Score with all known misspellings",
    ]


def test_gains_on_edited_text_are_bounded_by_the_clean_score():
    verdicts = judge_all(read_study(PLAN, make_lines()))
    # A point above the baseline on clean text, two above augmentation before it loses half the cost.
    assert verdicts["Score under light edits"].bound == pytest.approx(0.03 + 0.06 / 2)
    assert verdicts["Score with 15 % of letters mistyped"].bound == pytest.approx(0.03 + 0.20 / 2)
    assert verdicts["Clean score"].bound is None


def test_what_diffusion_adds_is_measured_by_leaving_it_out():
    name = "without-diffusion"
    plan = {**PLAN, "variants": {**PLAN["variants"], name: {"embeddings": ["scratch"]}}}
    lines = make_lines()
    without = [{**line, "variant": name} for line in lines if line["variant"] == "baseline"]
    verdict = judge_all(read_study(plan, lines + without[:1]))[
        "What diffusion adds to edited scores"
    ]
    # One point on clean text, and half of what the five edits cost.
    assert verdict.value == pytest.approx(0.01 + 0.5 * 1.06 / 5) and verdict.cells == 1


def test_nothing_is_judged_before_the_first_run():
    assert {each.met for each in judge(read_study(PLAN, []), RIVAL_TARGETS)} == {None}
