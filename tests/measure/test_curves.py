"""Curves: an edit at several rates."""

import json

import pytest

from spacy_stablediff import measure_stability
from spacy_stablediff.edits.augmenter import Edits
from spacy_stablediff.measure.defaults import default_curves

from ..pipelines import chain_pipeline, examples_for, train


@pytest.fixture(scope="module")
def nlp():
    nlp = chain_pipeline(["textcat", "ner"])
    train(nlp)
    return nlp


TABLE = [("teh", "the")]


def letters(rate):
    return Edits(typo=0.0, swap=0.0, drop=0.0, letters=rate)


def test_a_point_has_the_figures_of_an_edit_at_its_rate(nlp):
    curves = {"letters": {0.5: letters(0.5), 0.1: letters(0.1)}}
    result = measure_stability(nlp, examples_for(nlp), {"alone": letters(0.5)}, curves=curves)
    first, second = result.curves["letters"]
    assert (first.rate, second.rate) == (0.1, 0.5)
    assert second.figures == result.edits["alone"]
    assert first.figures.displacement.mean < second.figures.displacement.mean
    assert {sample.edit for sample in result.samples} == {"alone"}


def test_points_are_written_with_their_rates(nlp):
    curves = {"letters": {0.1: letters(0.1)}}
    figures = json.loads(
        json.dumps(measure_stability(nlp, ["fine", "ok"], curves=curves).to_dict())
    )
    (point,) = figures["curves"]["letters"]
    assert point["rate"] == 0.1 and point.keys() == {"rate", *figures["edits"]["typo"]}
    (origin,) = figures["provenance"]["curves"]["letters"]
    assert origin["letters"] == 0.1


def test_without_curves_there_are_none(nlp):
    assert measure_stability(nlp, ["fine"]).to_dict()["curves"] == {}


def test_default_curves_have_one_kind_of_edit_each():
    curves = default_curves(seed=3, table=TABLE)
    tables = {id(edit._misspellings) for edit in curves["real misspellings"].values()}
    assert len(tables) == 1  # read and kept once
    for rate, edit in curves.pop("real misspellings").items():
        assert (edit.rate, edit.seed, edit.table) == (rate, 3, TABLE)
    (names,) = curves.pop("names replaced").values()
    assert (names.rate, names.seed) == (1, 3)
    for curve in curves.values():
        for rate, edit in curve.items():
            assert [value for value in edit.rates.values() if value] == [rate]
            assert edit.seed == 3


def test_what_has_nothing_to_change_is_left_out(nlp):
    curves = {**default_curves(table=TABLE), "idle": {0.5: letters(0.0)}}
    assert list(measure_stability(nlp, ["这个产品很好", "👍🏽"], curves=curves).curves) == [
        *("letters mistyped", "read by OCR", "idle")
    ]


def test_names_are_replaced_where_the_data_have_persons(nlp):
    for examples, has_persons in [(examples_for(nlp), True), (["Anselmo fixed it"], False)]:
        curves = measure_stability(nlp, examples, curves=default_curves(table=TABLE)).curves
        assert ("names replaced" in curves) is has_persons
