"""Parts of a corpus measured apart, and merged: the figures of the whole."""

import pickle
import random

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_stablediff.edits.augmenter import Edits
from spacy_stablediff.measure.bootstrap import REPLICATES, Quantile, Ratio
from spacy_stablediff.measure.defaults import default_edits
from spacy_stablediff.measure.measure import Measurement
from spacy_stablediff.measure.observer import Observer
from spacy_stablediff.measure.points import Point
from spacy_stablediff.measure.tally import Reservoir

from ..pipelines import bare, chain_pipeline, examples_for, train
from ..references import flatten_figures
from .examples import LONG_TEXTS

# By how much of their value sums of floats may differ, in another order.
BOUND = 1e-9

EDITS = {**default_edits(), Point("letters", 0.3): Edits(0, 0, 0, letters=0.3)}


@pytest.fixture(scope="module")
def nlp():
    nlp = chain_pipeline(["textcat", "ner"])
    train(nlp)
    return nlp


@pytest.fixture(scope="module")
def corpus(nlp):
    return list(enumerate([*examples_for(nlp), *bare(nlp, LONG_TEXTS)]))


def start(nlp):
    observer = Observer(nlp, nlp.make_doc("word"), batch_size=1)
    return Measurement(observer, EDITS, seed=0, scores=True)


def measure_parts(nlp, corpus, size, order=None):
    """Measure parts, each pickled as it is for another process, and merge them."""
    parts = []
    for begin in range(0, len(corpus), size):
        measurement = start(nlp)
        measurement.add(corpus[begin : begin + size])
        parts.append(pickle.dumps(measurement.to_part()))
    random.Random(order).shuffle(parts)
    whole = start(nlp)
    for part in parts:
        whole.merge(pickle.loads(part))
    return whole


@pytest.mark.parametrize("size, order", [(1, 1), (7, 2), (40, 3)])
def test_merged_parts_give_the_figures_of_the_whole(nlp, corpus, size, order):
    whole = start(nlp)
    whole.add(corpus)
    expected = whole.finish("name")
    found = measure_parts(nlp, corpus, size, order).finish("name")
    assert flatten_figures(found.to_dict()) == pytest.approx(
        flatten_figures(expected.to_dict()), rel=BOUND, abs=1e-12
    )
    assert found.scores == expected.scores and found.samples == expected.samples
    for name, edit in expected.edits.items():
        assert found.edits[name].labels == edit.labels
        assert found.edits[name].scores == edit.scores
        assert found.edits[name].displacement.p95 == edit.displacement.p95
        assert found.edits[name].histogram == edit.histogram
        for figure, replicates in edit.replicates.items():
            assert found.edits[name].replicates[figure] == pytest.approx(
                replicates, rel=BOUND, abs=1e-12, nan_ok=True
            )


def test_all_that_a_tally_keeps_is_merged(nlp, corpus):
    whole = start(nlp)
    whole.add(corpus)
    merged = measure_parts(nlp, corpus, 7)
    for name in EDITS:
        assert_same(merged.tallies[name], whole.tallies[name])
    for name in (None, *EDITS):
        assert_same(merged.score_tallies[name], whole.score_tallies[name])


def assert_same(found, expected):
    """Compare objects, through all levels, but for where samples wait to be cut."""
    if isinstance(expected, Reservoir):
        assert found.rows.tolist() == expected.rows.tolist()
    elif isinstance(expected, dict):
        assert found.keys() == expected.keys()
        for key in expected:
            assert_same(found[key], expected[key])
    elif hasattr(expected, "__dict__"):
        assert_same(vars(found), vars(expected))
    elif isinstance(expected, (float, numpy.ndarray)):
        assert found == pytest.approx(expected, rel=BOUND)
    else:
        assert found == expected


rows = st.lists(st.integers(0, 30), min_size=1, max_size=12)


@settings(deadline=None)
@given(rows, st.integers(1, 40), st.randoms(use_true_random=False))
def test_a_sample_is_the_same_however_it_is_cut_and_in_whatever_order(lengths, size, rng):
    values = [numpy.arange(100 * i, 100 * i + n) for i, n in enumerate(lengths)]
    whole = Reservoir(size, seed=0)
    for place, each in enumerate(values):
        whole.add(each, place)
    places = list(range(len(values)))
    rng.shuffle(places)
    parts = [Reservoir(size, seed=0) for _ in range(3)]
    for place in places:
        rng.choice(parts).add(values[place], place)
    merged = Reservoir(size, seed=0)
    for part in parts:
        merged.merge(pickle.loads(pickle.dumps(part)))
    assert merged.rows.tolist() == whole.rows.tolist()
    assert len(merged.rows) == min(size, sum(lengths))


@given(st.lists(st.tuples(st.floats(0, 1e6), st.integers(0, 50)), max_size=30), st.integers(0, 30))
def test_ratios_merge_to_the_bound(pairs, cut):
    once = numpy.ones(REPLICATES)
    whole, first, rest = Ratio(), Ratio(), Ratio()
    for i, pair in enumerate(pairs):
        whole.add(*pair, once)
        (first if i < cut else rest).add(*pair, once)
    first.merge(rest)
    assert (first.value or 0) == pytest.approx(whole.value or 0, rel=BOUND)
    assert first.replicates == pytest.approx(whole.replicates, rel=BOUND, nan_ok=True)
    assert first.is_empty == whole.is_empty


def test_quantiles_merge_exactly_and_leave_out_empty_bins_between_processes():
    rng = numpy.random.default_rng(0)
    values = rng.gamma(2.0, size=(40, 7))
    times = rng.poisson(1.0, (40, REPLICATES))
    whole, parts = Quantile(0.95), [Quantile(0.95) for _ in range(3)]
    for i, (each, number) in enumerate(zip(values, times, strict=True)):
        whole.add(each, number)
        parts[i % 3].add(each, number)
    sent = [pickle.dumps(part) for part in parts]
    assert all(len(part) < len(whole._counts.tobytes()) / 4 for part in sent)
    merged = Quantile(0.95)
    for part in sent:
        merged.merge(pickle.loads(part))
    assert merged.replicates.tolist() == whole.replicates.tolist()
