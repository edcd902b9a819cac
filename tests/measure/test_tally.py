"""Sums and samples that take constant memory."""

import numpy
import pytest

from spacy_stablediff.measure.bootstrap import FEWEST, REPLICATES, Resampling, find_interval
from spacy_stablediff.measure.tally import Agreement, Reservoir, Spread


def test_the_reservoir_is_a_uniform_sample_and_exact_while_it_lasts():
    values = numpy.random.default_rng(1).permutation(10_000).astype("float64")
    exact, sample = Reservoir(20_000, seed=0), Reservoir(2000, seed=0)
    parts = numpy.array_split(values, 37)
    for place, part in enumerate(parts):
        exact.add(part, place)
        sample.add(part, place)
    assert exact.rows.tolist() == values.tolist()
    assert len(sample.rows) == len(set(sample.rows)) == 2000
    assert numpy.percentile(sample.rows, [5, 50, 95]) == pytest.approx([500, 5000, 9500], abs=250)


def test_the_spread_is_the_mean_distance_of_pairs():
    vectors = numpy.random.default_rng(0).normal(size=(3000, 8))
    spread = Spread(seed=0)
    for place, part in enumerate(numpy.array_split(vectors, 10)):
        spread.add(part, place)
    pairs = numpy.random.default_rng(1).integers(3000, size=(2, 50_000))
    expected = numpy.linalg.norm(vectors[pairs[0]] - vectors[pairs[1]], axis=1).mean()
    assert spread.value == pytest.approx(expected, rel=0.02)
    assert Spread(seed=0).value is None


def test_agreement_on_nothing_is_certain_and_on_little_is_not():
    once = numpy.ones(REPLICATES)
    agreement = Agreement()
    assert agreement.value is None and find_interval(agreement.replicates) is None
    agreement.add(set(), set(), once)
    assert agreement.value == 1.0 and find_interval(agreement.replicates) == (1.0, 1.0)
    agreement.add({"Marta"}, set(), once)
    assert agreement.value == 0.0 and find_interval(agreement.replicates) is None


def test_agreement_is_full_in_resamples_without_anything_found():
    agreement = Agreement()
    times = Resampling(0).draw(range(FEWEST))
    for number in times:
        agreement.add({"Marta"}, set(), number)
    assert agreement.replicates.tolist() == (times.sum(axis=0) == 0).tolist()
