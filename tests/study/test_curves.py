"""How the development score goes on behind the best checkpoint."""

from study.curves import describe_curve


def test_the_best_score_and_the_mean_behind_it():
    assert describe_curve([(0, 0.0), (200, 0.6), (400, 0.5), (600, 0.4)]) == (0.6, 0.45)
    assert describe_curve([(0, 0.1), (200, 0.6)]) is None
    assert describe_curve([]) is None


def test_of_several_best_scores_the_last_is_chosen_as_spacy_does():
    assert describe_curve([(0, 0.6), (200, 0.6), (400, 0.3)]) == (0.6, 0.3)
