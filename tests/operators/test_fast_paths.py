"""The fast ways to compute an operator agree with the plain ones."""

import numpy
import pytest
from numpy.testing import assert_allclose

from spacy_stablediff.operators import banded
from spacy_stablediff.operators.cosine import MAX_BASIS_LENGTH
from spacy_stablediff.operators.heat import heat
from spacy_stablediff.operators.multiscale import multiscale

from ..references import dense_bands, dense_heat, random_bands, random_batch, split


@pytest.mark.parametrize("dtype, tolerance", [("float32", 1e-5), ("float64", 1e-12)])
@pytest.mark.parametrize("times", [[0.01], [0.5], [9.0], [0.1, 2.0], [1.0, 30.0]])
def test_windows_of_a_long_document_equal_the_matrix_exponential(times, dtype, tolerance):
    lengths = [MAX_BASIS_LENGTH + 1, 137, 4, 200, 255]
    X, lengths = random_batch(lengths, width=2, dtype=dtype)
    times = numpy.asarray(times, dtype=dtype)
    Y, _ = heat(X, lengths, times)
    for x, y in zip(split(X, lengths), split(Y, lengths), strict=True):
        expected = dense_heat(x.astype("float64"), numpy.broadcast_to(times, 2))
        assert_allclose(y, expected, atol=tolerance)


@pytest.mark.parametrize("times", [[1e8], [1e9], [1e30, 1e9]])
def test_the_longest_times_leave_the_mean_of_a_long_document(times):
    X, lengths = random_batch([MAX_BASIS_LENGTH + 72], width=2, dtype="float32")
    Y, _ = heat(X, lengths, numpy.asarray(times, dtype="float32"))
    assert_allclose(Y, numpy.broadcast_to(X.mean(axis=0), Y.shape), atol=1e-5)


@pytest.mark.parametrize("length", range(MAX_BASIS_LENGTH + 1, MAX_BASIS_LENGTH + 50))
def test_windows_cover_a_document_of_any_length(length):
    X, lengths = random_batch([length], dtype="float64")
    alone, _ = heat(X, lengths, numpy.full(4, 0.7))
    shared, _ = heat(X, lengths, numpy.full(1, 0.7))
    assert_allclose(alone, shared, atol=1e-12)
    assert_allclose(alone.sum(axis=0), X.sum(axis=0), atol=1e-10)


@pytest.mark.parametrize("dtype, tolerance", [("float32", 1e-5), ("float64", 1e-12)])
@pytest.mark.parametrize("time", [0.01, 0.7, 32.0, 1e4, numpy.inf])
def test_a_scale_leaves_out_no_frequency_that_counts(time, dtype, tolerance):
    X, lengths = random_batch([1, 40, 0, 7, 300], width=3, dtype=dtype)
    W = numpy.random.default_rng(1).normal(size=(1, 3, 3)).astype(dtype)
    Y, _ = multiscale(X, lengths, numpy.asarray([time]), W)
    for x, y in zip(split(X, lengths), split(Y, lengths), strict=True):
        if not len(x):
            continue
        x = x.astype("float64")
        mean = numpy.broadcast_to(x.mean(axis=0), x.shape)
        diffused = mean if time == numpy.inf else dense_heat(x, numpy.full(3, time))
        assert_allclose(y, x + diffused @ W[0].T, atol=tolerance)


@pytest.mark.parametrize("bandwidth", [1, 2, 3, 5])
@pytest.mark.parametrize("together", [True, False])
def test_blocks_are_solved_alike_together_and_one_by_one(bandwidth, together, monkeypatch):
    bands = random_bands(1000, bandwidth)
    B = numpy.random.default_rng(1).normal(size=(1000, 3))
    monkeypatch.setattr(banded, "MIN_BLOCKS_PER_BAND", 0 if together else 10**6)
    assert_allclose(dense_bands(bands) @ banded.factorise(bands)(B), B, atol=1e-10)


@pytest.mark.parametrize("rows, bandwidth", [(30, 0), (30, 2), (1000, 2), (1000, 5), (1000, 17)])
def test_weights_scale_the_right_hand_side(rows, bandwidth):
    bands, rng = random_bands(rows, bandwidth), numpy.random.default_rng(1)
    B, weights = rng.normal(size=(rows, 3)), rng.uniform(0.1, 2, rows)
    solve = banded.factorise(bands)
    assert_allclose(solve(B, weights), solve(weights[:, None] * B), atol=1e-12)
