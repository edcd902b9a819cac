"""The strongest rival, against values computed by hand."""

import math

import pytest

from study.strongest import average_gain, beat_strongest, choose_ours, find_strongest, list_rivals
from study.summary import read_study

from .rival_examples import PLAN, make_lines

CLEAN, LIGHT, HEAVY = (("test", text, "score") for text in ("clean", "light", "letters 15 %"))


@pytest.fixture
def study():
    return read_study(PLAN, make_lines())


def test_rivals_have_no_part_of_the_package(study):
    assert list_rivals(study) == ["baseline", "augmentation"]


def test_the_strongest_is_found_text_by_text(study):
    clean, light = (find_strongest(study, key, "btc", "scratch") for key in (CLEAN, LIGHT))
    assert clean.name == "baseline" and light.name == "augmentation"
    assert clean.stat == pytest.approx((0.61, math.sqrt(2) * 0.01, 2))
    assert light.stat.mean == pytest.approx(0.59 - 0.03)


def test_gain_is_over_the_strongest(study):
    gain = beat_strongest(study, CLEAN, "btc", "scratch")
    assert gain.difference == pytest.approx(0.01)
    assert gain.spread == pytest.approx(math.sqrt(2) * 0.01)
    assert gain.is_clear is False
    assert beat_strongest(study, HEAVY, "btc", "scratch").difference == pytest.approx(0.03)
    assert average_gain(study, HEAVY, "scratch") == pytest.approx(0.03)


def test_the_strongest_is_one_of_those_that_were_run():
    lines = [line for line in make_lines() if line["variant"] != "augmentation"]
    study = read_study(PLAN, lines)
    assert find_strongest(study, LIGHT, "btc", "scratch").name == "baseline"


def test_nothing_is_known_of_what_was_not_run(study):
    assert beat_strongest(study, CLEAN, "dutch", "pretrained") is None
    assert beat_strongest(study, ("test", "misspellings", "score"), "dutch", "scratch") is None
    empty = read_study(PLAN, [])
    assert find_strongest(empty, CLEAN, "btc", "scratch") is None
    assert average_gain(empty, CLEAN, "scratch") is None


def test_a_plan_may_name_what_is_ours_for_an_embedding_and_a_pipe():
    instead = {"scratch": {PLAN["data"]["btc"]["pipe"]: "ours-of-another-weight"}}
    study = read_study({**PLAN, "instead": instead}, make_lines())
    assert choose_ours(study, "btc", "scratch") == "ours-of-another-weight"
    assert study.find_made("btc", "scratch") == "ours-of-another-weight"
    assert study.find_made("btc", "pretrained") == study.best


def test_our_set_up_is_chosen_by_the_development_part():
    lines = make_lines()
    for line in lines:
        if line["variant"] == "ours-of-another-weight" and line["data"] == "btc":
            line["dev"] = {**line["dev"], "clean": {"score": 0.5}}
    study = read_study({**PLAN, "ours": ["ours", "ours-of-another-weight"]}, lines)
    assert choose_ours(study, "btc", "scratch") == "ours"
    assert choose_ours(study, "dutch", "scratch") == "ours-of-another-weight"
    assert beat_strongest(study, CLEAN, "btc", "scratch").difference == pytest.approx(0.01)
    assert beat_strongest(study, CLEAN, "dutch", "scratch").difference == pytest.approx(0.10)
