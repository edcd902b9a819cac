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


def test_a_softmax_is_given_the_gradient_of_the_divergence_before_it():
    rng = numpy.random.default_rng(0)
    clean, logits = softmax(rng.normal(size=(4, 3))), rng.normal(size=(4, 3))
    _, gradient = scores_loss(clean, softmax(logits))
    numeric = numeric_gradient(lambda: cross_entropy(clean, softmax(logits)), logits)
    assert_allclose(gradient, numeric, atol=1e-6)


def test_logistic_layers_are_given_that_of_the_sum_of_binary_divergences_behind_them():
    rng = numpy.random.default_rng(0)
    clean, scores = logistic(rng.normal(size=(4, 3))), logistic(rng.normal(size=(4, 3)))
    _, gradient = scores_loss(clean, scores, is_logistic=True)
    numeric = numeric_gradient(lambda: binary_cross_entropy(clean, scores), scores)
    assert_allclose(gradient, numeric, atol=1e-6)


def test_the_gradient_stays_finite_where_a_score_is_0_or_1():
    clean, scores = numpy.asarray([[0.0, 1.0]]), numpy.asarray([[1.0, 1.0]])
    assert numpy.isfinite(scores_loss(clean, scores, is_logistic=True)[1]).all()
