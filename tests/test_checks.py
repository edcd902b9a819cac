"""What counts as a number in a setting."""

from decimal import Decimal
from fractions import Fraction

import numpy
import pytest

from spacy_stablediff.checks import is_number, is_whole

NO_NUMBERS = [None, "1", [1], {}, 1j, numpy.ones(1)]
NOT_FINITE = [float("nan"), float("inf"), -float("inf"), numpy.float32("nan"), numpy.inf]


@pytest.mark.parametrize(
    "value", [0, 1, -3, 0.5, Fraction(1, 2), numpy.float32(0.5), numpy.int64(2)]
)
def test_numbers_of_python_and_numpy_are_numbers(value):
    assert is_number(value)


@pytest.mark.parametrize("value", [True, False, numpy.True_, *NO_NUMBERS, *NOT_FINITE])
def test_truth_values_and_what_is_not_finite_are_no_numbers(value):
    assert not is_number(value) and not is_whole(value)


@pytest.mark.parametrize(
    "value, within", [(0, True), (1, True), (0.5, True), (-0.01, False), (1.01, False)]
)
def test_bounds_are_within(value, within):
    assert is_number(value, least=0, most=1) == within


@pytest.mark.parametrize("value", [0, 3, 10**30, numpy.int32(3), numpy.uint8(3)])
def test_integers_of_python_and_numpy_are_whole(value):
    assert is_whole(value)


@pytest.mark.parametrize("value", [-1, 1.0, 0.5, numpy.float64(2), Decimal(2)])
def test_negative_numbers_and_floats_are_not_whole(value):
    assert not is_whole(value)


def test_whole_numbers_have_bounds_too():
    assert [is_whole(n, least=1, most=3) for n in range(5)] == [False, True, True, True, False]
    assert is_whole(-1, least=-2)
