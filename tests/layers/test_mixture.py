"""The matrices K of Y = K X that each layer computes: what a diffused vector is made of."""

import numpy
import pytest
import scipy.linalg
from numpy.testing import assert_allclose

from spacy_stablediff.layers.heat import HeatDiffusion
from spacy_stablediff.layers.implicit import ImplicitDiffusion
from spacy_stablediff.layers.multiscale import MultiscaleDiffusion

from ..references import dense_heat, dense_implicit
from .examples import LAYERS, WIDTH, every_layer, random_documents, trained

TOKENS = 12
STRETCHES = [TOKENS], [7, 5], [1] * TOKENS  # a document as a whole, or by its sentences


@pytest.fixture
def X():
    return random_documents([TOKENS])[0]


def mix(layer, X, lengths=(TOKENS,), channel=None):
    return layer.attrs["mix"](layer, X, numpy.asarray(lengths, dtype="int32"), channel)


def predict(layer, X, lengths):
    return numpy.vstack(layer.predict(numpy.split(X, numpy.cumsum(lengths)[:-1])))


every_stretch = pytest.mark.parametrize("lengths", STRETCHES, ids=["whole", "two", "tokens"])
without_scales = pytest.mark.parametrize(
    "make", [make for name, make in LAYERS.items() if not name.startswith("multiscale")]
)


@every_layer
@every_stretch
@pytest.mark.parametrize("prepare", [trained, lambda layer: layer], ids=["trained", "as made"])
def test_rows_hold_shares_of_the_tokens_of_their_stretch(make, lengths, prepare, X):
    outside = scipy.linalg.block_diag(*[numpy.ones((n, n)) for n in lengths]) == 0
    for mixture in mix(prepare(make()), X, lengths):
        assert (mixture.weights >= 0).all() and (mixture.weights[outside] == 0).all()
        assert_allclose(mixture.weights.sum(axis=1), 1, atol=1e-12)


@without_scales
@every_stretch
def test_the_matrix_times_the_vectors_is_what_the_layer_gives(make, lengths, X):
    layer = trained(make())
    for channel in range(WIDTH):
        (mixture,) = mix(layer, X, lengths, channel)
        expected = predict(layer, X, lengths)[:, channel]
        assert_allclose(mixture.weights @ X[:, channel], expected, atol=1e-10)


def test_heat_without_a_channel_gives_the_mean_of_all(X):
    layer = trained(HeatDiffusion())
    (mean,) = mix(layer, X)
    each = [mix(layer, X, channel=channel)[0].weights for channel in range(WIDTH)]
    assert_allclose(mean.weights, numpy.mean(each, axis=0), atol=1e-12)
    assert f"mean over {WIDTH} channels" in mean.method


def test_implicit_gives_the_kernel_of_its_confidences(X):
    layer = trained(ImplicitDiffusion(time=0.8, learn_time=False))
    (mixture,) = mix(layer, X)
    confidence = numpy.log1p(numpy.exp(X @ layer.get_param("u") + layer.get_param("b"))) + 1e-3
    assert_allclose(mixture.confidence, confidence)
    # The columns of K are what becomes of the unit vectors.
    columns = dense_implicit(numpy.eye(TOKENS), confidence, 0.8, 2)
    assert_allclose(mixture.weights, columns, atol=1e-10)


@pytest.mark.parametrize("learn_confidence", [False, True])
def test_each_scale_gives_its_heat_kernel_weighted_by_confidence(learn_confidence, X):
    layer = trained(MultiscaleDiffusion(times=[0.7, 32, None], learn_confidence=learn_confidence))
    confidence = numpy.ones(TOKENS)
    if learn_confidence:
        confidence = numpy.log1p(numpy.exp(X @ layer.get_param("u") + layer.get_param("b"))) + 1e-3
    unit = numpy.eye(TOKENS)
    kernels = [dense_heat(unit, [time] * TOKENS) for time in (0.7, 32)]
    kernels.append(numpy.full((TOKENS, TOKENS), 1 / TOKENS))  # the mean
    mixtures = mix(layer, X)
    for mixture, kernel in zip(mixtures, kernels, strict=True):
        shares = kernel * confidence
        assert_allclose(mixture.weights, shares / shares.sum(axis=1, keepdims=True), atol=1e-8)
        if learn_confidence:
            assert_allclose(mixture.confidence, confidence)
        else:
            assert mixture.confidence is None


def test_each_scale_says_how_strongly_it_is_mixed_in(X):
    layer = MultiscaleDiffusion(times=[4.0, None]).initialize(X=[X])
    assert ["strength 0" in mixture.method for mixture in mix(layer, X)] == [True, True]
    layer.set_param("W", numpy.stack([numpy.eye(WIDTH), -0.5 * numpy.eye(WIDTH)]))
    first, second = mix(layer, X)
    assert "time 4, scale 1 of 2" in first.method and first.method.endswith("strength 1")
    assert "mean of the document" in second.method and second.method.endswith("strength 0.5")


@every_layer
def test_a_document_without_tokens_has_an_empty_matrix(make, X):
    layer = trained(make())
    for mixture in mix(layer, X[:0], [0]):
        assert mixture.weights.shape == (0, 0)
