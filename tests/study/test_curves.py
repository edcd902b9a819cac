"""How the development score goes on behind the best checkpoint."""

import pytest

from study.curves import describe_curve, describe_curves


def test_the_best_score_and_the_mean_behind_it():
    assert describe_curve([(0, 0.0), (200, 0.6), (400, 0.5), (600, 0.4)]) == (0.6, 0.45)
    assert describe_curve([(0, 0.1), (200, 0.6)]) is None


def test_of_several_best_scores_the_last_is_chosen_as_spacy_does():
    assert describe_curve([(0, 0.6), (200, 0.6), (400, 0.3)]) == (0.6, 0.3)


def test_runs_are_averaged_as_far_as_they_recorded_it():
    curves = [[(0, 0.6), (200, 0.4)], [(0, 0.8), (200, 0.7)]]
    lines = [{"curve": curve} for curve in curves] + [{"training_seconds": 1.0}]
    assert describe_curves(lines) == (pytest.approx(0.7), pytest.approx(0.55))
    assert describe_curves([{}]) is None
