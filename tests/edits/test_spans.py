"""Spans of a clean document found again in an edited one."""

import numpy
from hypothesis import given
from hypothesis import strategies as st

from spacy_stablediff.edits.spans import follow_spans

SPANS = numpy.asarray([[0, 1], [0, 2], [2, 4], [3, 4]])


def test_spans_move_with_their_tokens():
    left, moved = follow_spans(SPANS, 4, numpy.asarray([-1, 0, 1, 2, 3]))
    assert left.all() and moved.tolist() == (SPANS + 1).tolist()


def test_spans_that_lost_or_swapped_tokens_are_left_out():
    left, moved = follow_spans(SPANS, 4, numpy.asarray([1, 0, 3]))
    assert left.tolist() == [True, False, False, True]
    assert moved.tolist() == [[1, 2], [2, 3]]


def test_no_spans_and_no_tokens():
    left, moved = follow_spans(numpy.zeros((0, 2), dtype=int), 0, numpy.zeros(0, dtype=int))
    assert left.shape == (0,) and moved.shape == (0, 2)


@given(st.data())
def test_equals_a_comparison_of_tokens_one_by_one(data):
    length = data.draw(st.integers(1, 8))
    clean = st.lists(st.integers(0, length - 1), unique=True, max_size=length)
    alignment = numpy.asarray([*data.draw(clean), -1])
    spans = numpy.asarray([(i, j) for i in range(length) for j in range(i + 1, length + 1)])
    place = {token: i for i, token in enumerate(alignment.tolist()) if token >= 0}
    expected = []
    for i, j in spans.tolist():
        found = [place.get(token) for token in range(i, j)]
        if None not in found and found == list(range(found[0], found[0] + j - i)):
            expected.append([found[0], found[0] + j - i])
    assert follow_spans(spans, length, alignment)[1].tolist() == expected
