"""Which tokens of a clean document are the nearest to those of an edited one."""

import numpy
import pytest
import spacy
from scipy.spatial.distance import cdist

from spacy_stablediff.measure.comparison import (
    MANY,
    Comparison,
    Observed,
    compare_vectors,
    find_nearest,
)

SIZE = MANY + 37

rng = numpy.random.default_rng(0)
CLEAN = rng.normal(size=(SIZE, 12))


def move_some(vectors):
    return vectors + 0.5 * rng.normal(size=vectors.shape) * (rng.random((len(vectors), 1)) < 0.3)


CASES = {
    "moved": (move_some(CLEAN), CLEAN),
    "far from zero": (move_some(CLEAN) + 1e4, CLEAN + 1e4),
    "near ties": (CLEAN + 1e-7, numpy.concatenate([CLEAN, CLEAN + 1e-8])),
    "some alike": (move_some(CLEAN), CLEAN[numpy.arange(SIZE) % 400]),
    "all alike": (CLEAN, numpy.ones_like(CLEAN)),
    "one": (CLEAN[:1], CLEAN),
    "few": (CLEAN[:5], CLEAN[:5]),
}


@pytest.mark.parametrize("case", CASES)
def test_the_nearest_are_those_at_the_least_distance(case):
    vectors, others = CASES[case]
    distances = cdist(vectors, others)
    expected = distances == distances.min(axis=1, keepdims=True)
    assert numpy.array_equal(find_nearest(vectors, others), expected)


def test_a_sample_shows_the_category_of_each_classifier():
    """So that a flip of one isn't hidden by the surest score of another."""
    docs = [spacy.blank("en").make_doc("Fine") for _ in range(2)]
    docs[0].cats = {"POS": 0.9, "NEG": 0.1, "FORMAL": 0.6, "CASUAL": 0.4}
    docs[1].cats = {"POS": 0.9, "NEG": 0.1, "FORMAL": 0.4, "CASUAL": 0.6}
    comparison = Comparison(*(Observed(doc, numpy.zeros((1, 0))) for doc in docs))
    view = comparison.view("typo", [("POS", "NEG"), ("FORMAL", "CASUAL")])
    assert (view.clean_cat, view.edited_cat) == ("POS, FORMAL", "POS, CASUAL")
    assert comparison.view("typo").clean_cat == "POS"


def test_a_long_document_compares_as_its_tokens_do_one_by_one():
    edited, texts = move_some(CLEAN), numpy.arange(SIZE) % 300
    target = rng.permutation(SIZE)
    distance, identity = compare_vectors(CLEAN, edited[target], target, texts)
    for place in range(0, SIZE, 50):
        part = slice(place, place + 1)
        alone = compare_vectors(CLEAN, edited[target][part], target[part], texts)
        assert distance[place] == pytest.approx(alone[0][0])
        assert identity[place] == alone[1][0]
    assert 0 < identity.mean() < 1
