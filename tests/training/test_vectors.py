"""The loss on vectors: what it is, what does not lower it, and its gradients."""

import numpy
import pytest
from numpy.testing import assert_allclose
from thinc.api import NumpyOps

from spacy_stablediff.training.vectors import TEMPERATURE, vectors_loss

from ..references import numeric_gradient

LENGTHS = numpy.asarray([2, 0, 3], dtype="int32")
SINGLES = numpy.asarray([1, 0, 3, 1], dtype="int32")


def test_loss_is_mean_squared_movement_over_variance_within_documents():
    rng = numpy.random.default_rng(0)
    clean, edited = rng.normal(size=(5, 3)), rng.normal(size=(4, 3))
    clean_rows, rows = numpy.asarray([0, 3, 4]), numpy.asarray([0, 1, 3])
    loss, _, _ = vectors_loss(NumpyOps(), clean, edited, LENGTHS, clean_rows, rows)
    moved = edited[rows] - clean[clean_rows]
    deviation = numpy.vstack([x - x.mean(axis=0) for x in (clean[:2], clean[2:])])
    assert loss == pytest.approx((moved**2).sum(axis=1).mean() / (deviation**2).mean())
    scaled, _, _ = vectors_loss(NumpyOps(), 10 * clean, 10 * edited, LENGTHS, clean_rows, rows)
    assert scaled == pytest.approx(loss)


def test_documents_of_a_single_token_tell_nothing_of_the_variance():
    rng = numpy.random.default_rng(0)
    clean, noise = rng.normal(size=(20, 3)), rng.normal(size=(20, 3))
    lengths, rows = numpy.asarray([2] + 18 * [1], dtype="int32"), numpy.arange(20)
    loss, _, _ = vectors_loss(NumpyOps(), clean, clean + noise, lengths, rows, rows)
    deviation = clean[:2] - clean[:2].mean(axis=0)
    assert loss == pytest.approx((noise**2).sum(axis=1).mean() / (deviation**2).mean())


def test_vectors_that_are_equal_but_for_rounding_have_no_loss():
    clean = numpy.full((6, 3), 0.1, dtype="float32")
    clean[::2] *= 1 + numpy.finfo("float32").eps
    lengths, rows = numpy.asarray([6], dtype="int32"), numpy.arange(6)
    loss, *gradients = vectors_loss(NumpyOps(), clean, clean + 1, lengths, rows, rows, contrast=1.0)
    assert loss == 0 and not any(gradient.any() for gradient in gradients)


def test_loss_is_lowered_neither_by_making_tokens_alike_nor_by_making_documents_differ():
    rng = numpy.random.default_rng(0)
    clean = rng.normal(size=(5, 3))
    edited = clean + 0.1 * rng.normal(size=(5, 3))
    means = numpy.repeat([clean[:2].mean(axis=0), clean[2:].mean(axis=0)], [2, 3], axis=0)
    rows = numpy.arange(5)

    def loss(share):
        smoothed = (share * means + (1 - share) * vectors for vectors in (clean, edited))
        return vectors_loss(NumpyOps(), *smoothed, LENGTHS, rows, rows)[0]

    assert loss(0.0) == pytest.approx(loss(0.9))
    shifted = vectors_loss(NumpyOps(), clean + 5 * means, edited + 5 * means, LENGTHS, rows, rows)
    assert shifted[0] == pytest.approx(loss(0.0))


@pytest.mark.parametrize("contrast", [0.0, 5.0])
@pytest.mark.parametrize("max_block", [512, 2])
@pytest.mark.parametrize("lengths", [LENGTHS, SINGLES], ids=["several tokens", "single tokens"])
def test_gradients_of_the_loss_equal_finite_differences(lengths, contrast, max_block, monkeypatch):
    monkeypatch.setattr("spacy_stablediff.training.vectors.MAX_BLOCK", max_block)
    rng = numpy.random.default_rng(0)
    clean, edited = rng.normal(size=(5, 3)), rng.normal(size=(4, 3))
    aligned = numpy.asarray([0, 3, 3]), numpy.asarray([0, 1, 3])

    def loss():
        return vectors_loss(NumpyOps(), clean, edited, lengths, *aligned, contrast)[0]

    _, d_clean, d_edited = vectors_loss(NumpyOps(), clean, edited, lengths, *aligned, contrast)
    assert_allclose(d_clean, numeric_gradient(loss, clean), atol=1e-7)
    assert_allclose(d_edited, numeric_gradient(loss, edited), atol=1e-7)


def test_contrast_is_the_cross_entropy_of_telling_tokens_of_a_document_apart():
    rng = numpy.random.default_rng(0)
    clean, edited = rng.normal(size=(5, 3)), rng.normal(size=(4, 3))
    clean_rows, rows = numpy.asarray([1, 3, 4]), numpy.asarray([0, 1, 3])
    args = NumpyOps(), clean, edited, LENGTHS, clean_rows, rows
    deviation = numpy.vstack([x - x.mean(axis=0) for x in (clean[:2], clean[2:])])
    scale = 2 * TEMPERATURE * 3 * (deviation**2).mean()
    entropies = []
    for row, clean_row in zip(rows, clean_rows, strict=True):
        document = clean[:2] if clean_row < 2 else clean[2:]
        weights = numpy.exp(-((edited[row] - document) ** 2).sum(axis=1) / scale)
        right = numpy.exp(-((edited[row] - clean[clean_row]) ** 2).sum() / scale)
        entropies.append(-numpy.log(right / weights.sum()))
    contrast = vectors_loss(*args, 1.0)[0] - vectors_loss(*args, 0.0)[0]
    assert contrast == pytest.approx(numpy.mean(entropies))


def test_loss_is_zero_where_nothing_is_aligned_or_nothing_varies():
    none = numpy.zeros(0, dtype="int32")
    ones = numpy.ones((2, 3))
    for clean, rows in [(numpy.eye(3), none), (ones, numpy.asarray([0]))]:
        lengths = numpy.asarray([len(clean)], dtype="int32")
        loss, d_clean, d_edited = vectors_loss(NumpyOps(), clean, 2 * ones, lengths, rows, rows)
        assert loss == 0 and not d_clean.any() and not d_edited.any()
