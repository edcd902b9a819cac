"""Banded systems against dense solves."""

import numpy
import pytest
import scipy.linalg
from numpy.testing import assert_allclose

from spacy_stablediff.operators.banded import MAX_BANDWIDTH, MIN_ROWS, factorise

from ..references import dense_bands, random_bands


@pytest.mark.parametrize("bandwidth", [0, 1, 2, 3, 5, MAX_BANDWIDTH, MAX_BANDWIDTH + 1])
@pytest.mark.parametrize("rows", [1, 2, 30, MIN_ROWS - 1, MIN_ROWS, MIN_ROWS + 1, 700])
@pytest.mark.parametrize("dtype, tolerance", [("float64", 1e-12), ("float32", 1e-5)])
def test_equals_dense_solve(rows, bandwidth, dtype, tolerance):
    bands = random_bands(rows, min(bandwidth, rows - 1))
    B = numpy.random.default_rng(1).normal(size=(rows, 3)).astype(dtype)
    Y = factorise(bands)(B)
    assert Y.dtype == B.dtype and Y.shape == B.shape and Y.flags.c_contiguous
    assert_allclose(Y, scipy.linalg.solve(dense_bands(bands), B), atol=tolerance)


def test_one_factorisation_serves_many_right_hand_sides():
    bands = random_bands(500, 2)
    solve, matrix = factorise(bands), dense_bands(bands)
    for seed, width in enumerate([1, 7, 96]):
        B = numpy.random.default_rng(seed).normal(size=(500, width))
        assert_allclose(matrix @ solve(B), B, atol=1e-10)


def test_leaves_its_arguments_as_they_are():
    bands, B = random_bands(500, 2), numpy.ones((500, 4))
    kept = bands.copy(), B.copy()
    factorise(bands)(B)
    assert numpy.array_equal(bands, kept[0]) and numpy.array_equal(B, kept[1])
