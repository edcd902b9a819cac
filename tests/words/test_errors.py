"""What misspellings cost."""

import pytest

from .examples import cost_error

BY_COST = [
    ("lettter", "letter", 1),  # doubled
    ("lteter", "letter", 1),  # exchanged
    ("leter", "lester", 1),  # left out
    ("latter", "letter", 1),  # replaced
    ("lettear", "letter", 1),  # added
]


def test_errors_that_can_be_made_in_many_ways_cost_more():
    costs = [cost_error(*each) for each in BY_COST]
    assert costs == sorted(set(costs))


@pytest.mark.parametrize("form", ["leter", "lettter", "llettter"])
def test_letters_are_doubled_or_their_double_left_out(form):
    assert cost_error(form, "letter", 1) == cost_error("lettter", "letter", 1)


def test_two_errors_cost_more_than_one():
    for each in BY_COST:
        assert cost_error("lattre", "letter", 2) > cost_error(*each)
