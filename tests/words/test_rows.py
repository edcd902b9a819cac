"""Putting what tokens are made of in place of their rows."""

import numpy
from numpy.testing import assert_allclose
from thinc.api import NumpyOps

from spacy_stablediff.words.mixing import Mixed
from spacy_stablediff.words.rows import diffuse_rows

# Tokens 3 and 0 of four are made of the forms 1 and 0, and of the form 1 alone.
TOKENS, LENGTHS = numpy.asarray([3, 0]), numpy.asarray([2, 1])
PLACES, WEIGHTS = numpy.asarray([1, 0, 1]), numpy.asarray([0.25, 0.75, 1.0])
MIXED = Mixed(TOKENS, LENGTHS, PLACES, ["a", "b"], PLACES, WEIGHTS)


def test_rows_are_the_weighted_means_of_forms():
    rng = numpy.random.default_rng(0)
    rows, forms = rng.normal(size=(4, 3)).astype("f"), rng.normal(size=(2, 3)).astype("f")
    before = rows.copy()
    diffuse_rows(NumpyOps(), rows, forms, PLACES, MIXED)
    expected = [forms[1], before[1], before[2], 0.25 * forms[1] + 0.75 * forms[0]]
    assert_allclose(rows, expected, rtol=1e-5)


def test_backprop_is_the_adjoint():
    rng = numpy.random.default_rng(0)
    rows, d_rows = rng.normal(size=(2, 4, 3)).astype("f")
    forms = rng.normal(size=(2, 3)).astype("f")
    before, d_after = rows.copy(), d_rows.copy()
    d_before, d_forms = diffuse_rows(NumpyOps(), rows, forms, PLACES, MIXED)(d_rows)
    change = (before * d_before).sum() + (forms * d_forms).sum()
    assert_allclose((rows * d_after).sum(), change, rtol=1e-5)
