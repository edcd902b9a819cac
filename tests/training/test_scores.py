"""The loss on how far the scores of a text move when it is edited."""

import numpy
import pytest
from numpy.testing import assert_allclose
from thinc.api import NumpyOps

from spacy_stablediff.training.scores import scores_loss

from ..references import numeric_gradient


def test_scores_that_stay_have_no_loss():
    scores = numpy.asarray([[0.2, 0.8], [1.0, 0.0]])
    loss, gradient = scores_loss(scores, scores.copy())
    assert loss == 0 and not gradient.any()


def test_the_loss_is_the_mean_squared_movement_of_a_score():
    clean = numpy.asarray([[0.2, 0.8], [1.0, 0.0]])
    edited = numpy.asarray([[0.4, 0.6], [1.0, 0.0]])
    assert scores_loss(clean, edited)[0] == pytest.approx(2 * 0.2**2 / 4)


def softmax(logits):
    return NumpyOps().softmax(logits)


def logistic(logits):
    return 1 / (1 + numpy.exp(-logits))


def cross_entropy(truths, scores):
    return -(truths * numpy.log(scores)).sum()


def binary_cross_entropy(truths, scores):
    return cross_entropy(truths, scores) + cross_entropy(1 - truths, 1 - scores)


@pytest.mark.parametrize(
    "activation, entropy", [(softmax, cross_entropy), (logistic, binary_cross_entropy)]
)
def test_the_gradient_is_that_of_the_cross_entropy_before_the_last_activation(activation, entropy):
    rng = numpy.random.default_rng(0)
    clean, logits = activation(rng.normal(size=(4, 3))), rng.normal(size=(4, 3))
    _, gradient = scores_loss(clean, activation(logits))
    numeric = numeric_gradient(lambda: entropy(clean, activation(logits)), logits)
    assert_allclose(gradient, numeric, atol=1e-6)
