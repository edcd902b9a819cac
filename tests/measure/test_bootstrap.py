"""How far figures may be off: resampled documents."""

import numpy
import pytest

from spacy_stablediff.measure.bootstrap import (
    FEWEST,
    REPLICATES,
    Quantile,
    Ratio,
    Resampling,
    find_interval,
)


def resampled(values, seed=0):
    """The mean of values, a document each."""
    ratio, times = Ratio(), Resampling(seed).draw(range(len(values)))
    for value, number in zip(values, times, strict=True):
        ratio.add(value, 1, number)
    return ratio


@pytest.mark.parametrize("documents", [100, 1000])
def test_intervals_are_as_wide_as_theory_has_it(documents):
    values = numpy.random.default_rng(1).normal(5.0, 2.0, documents)
    ratio = resampled(values)
    low, high = find_interval(ratio.replicates)
    assert ratio.value == pytest.approx(values.mean())
    assert low < values.mean() < high
    assert high - low == pytest.approx(2 * 1.96 * values.std() / documents**0.5, rel=0.2)


def test_intervals_hold_the_truth_about_as_often_as_they_say():
    rng = numpy.random.default_rng(0)
    intervals = [find_interval(resampled(rng.random(60), seed).replicates) for seed in range(200)]
    held = sum(low <= 0.5 <= high for low, high in intervals)
    assert 0.88 <= held / 200 <= 0.99


def test_documents_count_alike_wherever_they_are_met():
    whole = Resampling(0).draw(range(10))
    parts = Resampling(0)
    assert numpy.array_equal(whole[3:], parts.draw(range(3, 10)))
    assert numpy.array_equal(whole[:3], parts.draw(range(3)))
    assert whole.shape == (10, REPLICATES)


def test_without_documents_there_is_nothing_to_tell():
    ratio = Ratio()
    assert ratio.is_empty and ratio.value is None
    assert find_interval(ratio.replicates) is None
    ratio.add(0, 0, numpy.ones(REPLICATES))
    assert not ratio.is_empty and ratio.value is None


@pytest.mark.parametrize("level", [0.5, 0.95])
def test_quantiles_are_those_of_the_resampled_values(level):
    rng = numpy.random.default_rng(2)
    values = [rng.gamma(2.0, size=rng.integers(0, 6)) for _ in range(80)]
    times, quantile = Resampling(0).draw(range(len(values))), Quantile(level)
    for each, number in zip(values, times, strict=True):
        quantile.add(each, number)
    for resample, found in zip(times.T[:20], quantile.replicates[:20], strict=True):
        drawn = numpy.concatenate(
            [numpy.repeat(v, n) for v, n in zip(values, resample, strict=True)]
        )
        expected = numpy.quantile(drawn, level, method="inverted_cdf")
        assert found == pytest.approx(expected, rel=0.021)


@pytest.mark.parametrize("scale", [1e-8, 1e8])
def test_quantiles_have_any_scale(scale):
    values = numpy.linspace(1, 2, 1000)
    times = numpy.ones(REPLICATES, "int64")
    quantile = Quantile(0.95)
    for part in numpy.array_split(scale * values, 10):
        quantile.add(part, times)
    assert quantile.replicates == pytest.approx(1.95 * scale, rel=0.02)


def test_quantiles_of_nothing_and_of_zeros():
    quantile = Quantile(0.95)
    assert find_interval(quantile.replicates) is None
    for _ in range(FEWEST):
        quantile.add(numpy.zeros(3), numpy.ones(REPLICATES))
    assert (quantile.replicates < 2e-4).all()


@pytest.mark.parametrize("documents", [1, FEWEST - 1])
def test_few_documents_claim_nothing(documents):
    assert find_interval(resampled([1.0] * documents).replicates) is None
    quantile, ratio = Quantile(0.95), resampled([1.0] * documents)
    for _ in range(100):
        ratio.add(0, 0, numpy.ones(REPLICATES))
        quantile.add(numpy.zeros(0), numpy.ones(REPLICATES))
    assert find_interval(ratio.replicates) is find_interval(quantile.replicates) is None
