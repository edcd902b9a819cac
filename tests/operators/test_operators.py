"""The two operators against dense references, and the mathematics they must obey."""

import numpy
import pytest
import scipy.sparse
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.sparse.linalg import expm_multiply

from spacy_stablediff.operators.cosine import MAX_BASIS_LENGTH
from spacy_stablediff.operators.heat import heat
from spacy_stablediff.operators.implicit import implicit
from spacy_stablediff.operators.laplacian import laplacian_bands

from ..references import dense_heat, dense_implicit, path_laplacian, random_batch, split

LENGTHS = [0, 1, 2, 3, 17, MAX_BASIS_LENGTH, MAX_BASIS_LENGTH + 1, 331]


def heat_operator(time):
    return lambda X, lengths: heat(X, lengths, numpy.full(1, time, dtype=X.dtype))[0]


def implicit_operator(time, radius=2, confidence=None):
    def apply(X, lengths):
        c = numpy.ones(len(X)) if confidence is None else confidence[: len(X)]
        return implicit(X, lengths, c.astype(X.dtype), time, radius)[0]

    return apply


@st.composite
def batches(draw):
    """A batch of up to six documents, of any lengths and magnitudes."""
    lengths = draw(st.lists(st.integers(0, 40), min_size=1, max_size=6).filter(any))
    scale = 10.0 ** draw(st.integers(-3, 3))
    X, lengths = random_batch(lengths, dtype="float64", seed=draw(st.integers(0, 10**6)))
    return X * scale, lengths


times = st.floats(0, 1000)
operators = st.one_of(
    st.builds(heat_operator, times), st.builds(implicit_operator, times, st.integers(1, 5))
)


@pytest.mark.parametrize("time", [0.05, 0.5, 4.0, 100.0])
def test_heat_equals_matrix_exponential(time):
    X, lengths = random_batch(LENGTHS)
    times = time * numpy.asarray([0.5, 1, 1.5, 2], dtype="float32")
    Y, _ = heat(X, lengths, times)
    assert Y.dtype == numpy.float32
    for x, y in zip(split(X, lengths), split(Y, lengths), strict=True):
        assert_allclose(y, dense_heat(x.astype("float64"), times), atol=1e-5)


@pytest.mark.parametrize("radius", [1, 2, 7, 1000])
@pytest.mark.parametrize("time", [0.05, 0.5, 4.0, 1e4])
def test_implicit_equals_dense_solve(time, radius):
    X, lengths = random_batch(LENGTHS)
    confidence = numpy.random.default_rng(1).uniform(1e-3, 3, len(X)).astype("float32")
    Y, _ = implicit(X, lengths, confidence, time, radius)
    assert Y.dtype == numpy.float32 and Y.flags.c_contiguous
    documents = zip(*(split(a, lengths) for a in (X, confidence, Y)), strict=True)
    for x, c, y in documents:
        reference = dense_implicit(x.astype("float64"), c.astype("float64"), time, radius)
        assert_allclose(y, reference, atol=1e-5)


def test_long_document_equals_dense_references():
    X, lengths = random_batch([5000], width=2)
    times = numpy.asarray([0.5, 30], dtype="float32")
    confidence = numpy.random.default_rng(1).uniform(0.1, 3, 5000).astype("float32")
    L = scipy.sparse.csr_array(path_laplacian(5000))
    columns = [expm_multiply(-t * L, x) for t, x in zip(times, X.T.astype("float64"), strict=True)]
    assert_allclose(heat(X, lengths, times)[0], numpy.stack(columns, axis=1), atol=1e-5)
    expected = dense_implicit(X.astype("float64"), confidence.astype("float64"), 0.7, 2)
    assert_allclose(implicit(X, lengths, confidence, 0.7, 2)[0], expected, atol=1e-5)


@pytest.mark.parametrize("radius", [1, 2, 5])
def test_bands_hold_the_laplacian_of_each_document(radius):
    lengths = numpy.asarray([3, 0, 1, 6])
    bands = laplacian_bands(lengths, radius)
    dense = numpy.zeros((10, 10))
    for offset, band in enumerate(bands):
        dense += numpy.diag(band[: 10 - offset], -offset)
        dense += numpy.diag(band[: 10 - offset], offset) if offset else 0
    assert_allclose(dense[:3, :3], path_laplacian(3, radius))
    assert_allclose(dense[4:, 4:], path_laplacian(6, radius))
    assert not dense[:3, 3:].any() and not dense[3, 4:].any()


@given(batches(), operators)
def test_constant_field_stays(batch, operator):
    X, lengths = batch
    constant = numpy.ones_like(X) * X[0]
    assert_allclose(operator(constant, lengths), constant, rtol=1e-6, atol=1e-9)


@given(batches(), operators)
def test_channels_stay_within_minimum_and_maximum_of_their_document(batch, operator):
    X, lengths = batch
    Y = operator(X, lengths)
    slack = 1e-6 * numpy.abs(X).max()
    for x, y in zip(split(X, lengths), split(Y, lengths), strict=True):
        if len(x):
            assert (y.min(axis=0) >= x.min(axis=0) - slack).all()
            assert (y.max(axis=0) <= x.max(axis=0) + slack).all()


@given(batches(), st.sampled_from([heat_operator(0.0), implicit_operator(0.0)]))
def test_time_zero_returns_the_input(batch, operator):
    X, lengths = batch
    assert_allclose(operator(X, lengths), X, rtol=1e-9, atol=1e-9 * numpy.abs(X).max())


@given(batches(), operators)
def test_reversing_tokens_reverses_output(batch, operator):
    X, lengths = batch
    Y = operator(X, lengths)[::-1]
    assert_allclose(operator(X[::-1].copy(), lengths[::-1]), Y, atol=1e-6 * numpy.abs(X).max())


@given(batches(), operators)
def test_no_document_sees_another(batch, operator):
    X, lengths = batch
    Y = operator(X, lengths)
    for x, y in zip(split(X, lengths), split(Y, lengths), strict=True):
        if len(x):
            alone = operator(x.copy(), numpy.asarray([len(x)]))
            assert_allclose(alone, y, atol=1e-9 * numpy.abs(X).max())


@given(batches(), operators, st.floats(-10, 10))
def test_diffusion_is_linear_in_the_vectors(batch, operator, factor):
    X, lengths = batch
    combined = operator(X + factor * X[::-1], lengths)
    expected = operator(X, lengths) + factor * operator(X[::-1].copy(), lengths)
    assert_allclose(combined, expected, atol=1e-6 * numpy.abs(X).max())


@given(batches(), times)
def test_heat_keeps_channel_sums_and_never_lengthens(batch, time):
    X, lengths = batch
    Y = heat_operator(time)(X, lengths)
    for x, y in zip(split(X, lengths), split(Y, lengths), strict=True):
        assert_allclose(y.sum(axis=0), x.sum(axis=0), atol=1e-7 * numpy.abs(X).max())
        assert numpy.linalg.norm(y) <= numpy.linalg.norm(x) * (1 + 1e-9)


@given(batches(), st.floats(0, 50), st.floats(0, 50))
def test_heat_steps_add_up(batch, s, t):
    X, lengths = batch
    twice = heat_operator(s)(heat_operator(t)(X, lengths), lengths)
    assert_allclose(twice, heat_operator(s + t)(X, lengths), atol=1e-9 * numpy.abs(X).max())


@given(batches(), times, st.integers(1, 5), st.integers(0, 10**6))
def test_implicit_minimises_its_energy(batch, time, radius, seed):
    X, lengths = batch
    confidence = numpy.random.default_rng(seed).uniform(0.01, 3, len(X))
    Y = implicit(X, lengths, confidence, time, radius)[0]
    for x, c, y in zip(*(split(a, lengths) for a in (X, confidence, Y)), strict=True):
        gradient = c[:, None] * (y - x) + time * path_laplacian(len(x), radius) @ y
        scale = (1 + time) * max(numpy.abs(X).max(), 1e-9)
        assert_allclose(gradient / scale, 0, atol=1e-9)


def test_implicit_is_stable_at_any_time():
    X, lengths = random_batch([30])
    confidence = numpy.linspace(1e-3, 3, 30, dtype="float32")
    mean = (confidence[:, None] * X).sum(axis=0) / confidence.sum()
    Y, _ = implicit(X, lengths, confidence, 1e30, 2)
    assert_allclose(Y, numpy.broadcast_to(mean, Y.shape), atol=1e-5)
