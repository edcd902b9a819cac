"""How noisy texts are."""

import itertools
import math

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_stablediff.words import noise as constants
from spacy_stablediff.words.noise import PRIOR, SHARE, estimate_noise

ODDS = st.lists(st.floats(0, 1e6), max_size=20)


def estimate(odds, size):
    """The noise of one text, which has words with these odds."""
    places = numpy.zeros(len(odds), dtype=int)
    (noise,) = estimate_noise(numpy.array(odds, dtype=float), places, numpy.array([size]))
    return noise


def likelihood(odds, size, share):
    """The logarithm of how likely such words are with a share of misspelt ones, and that share."""
    usual = SHARE / (1 - SHARE)
    new = sum(math.log(share * each / usual + 1 - share) for each in odds)
    rest = (size - len(odds) + PRIOR * (1 - SHARE)) * math.log(1 - share)
    return new + rest + PRIOR * SHARE * math.log(share)


@given(ODDS, st.integers(1, 50))
def test_it_is_the_likeliest_share(odds, more):
    """After enough steps no other share is likelier, among a thousand."""
    size = len(odds) + more
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(constants, "STEPS", 3000)
        ratio = math.exp(estimate(odds, size)) * SHARE / (1 - SHARE)
    found = likelihood(odds, size, ratio / (1 + ratio))
    shares = numpy.linspace(0, 1, 1001)[1:-1]
    assert found >= max(likelihood(odds, size, share) for share in shares) - 1e-6


@given(ODDS, st.integers(1, 50))
def test_each_step_makes_it_likelier(odds, more):
    size, found = len(odds) + more, []
    for steps in range(1, 6):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(constants, "STEPS", steps)
            ratio = math.exp(estimate(odds, size)) * SHARE / (1 - SHARE)
        found.append(likelihood(odds, size, ratio / (1 + ratio)))
    assert all(b >= a - 1e-9 for a, b in itertools.pairwise(found))


def test_a_text_with_errors_is_noisier_than_usual_and_one_without_less_so():
    assert estimate([100.0] * 5, 10) > 1 > 0 > estimate([], 10) > estimate([], 100)


def test_no_text_tells_of_another():
    odds, places = numpy.array([9.0, 9.0, 0.1]), numpy.array([0, 0, 2])
    expected = [estimate([9.0, 9.0], 4), estimate([], 7), estimate([0.1], 1)]
    assert estimate_noise(odds, places, numpy.array([4, 7, 1])) == pytest.approx(expected)


def test_empty_texts_and_none_have_the_usual_noise():
    assert estimate([], 0) == pytest.approx(0)
    assert estimate_noise(numpy.zeros(0), numpy.zeros(0, int), numpy.zeros(0)).tolist() == []
