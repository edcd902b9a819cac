"""What a step of training is timed with."""

import spacy

from benchmarks.steps import SHARES, measure_steps
from benchmarks.text import Films


def test_steps_are_timed_for_each_share_of_edited_texts():
    nlp = spacy.blank("en")
    docs = [nlp(text) for text in ["We liked the Movie", "Nobody liked It", "We saw it twice"]]
    for doc in docs:
        doc.cats = {"POSITIVE": 1.0, "NEGATIVE": 0.0}
    rows = measure_steps(Films(nlp, docs), rounds=2)
    assert [name for name, _ in rows] == ["25%", "50%", "100%"]
    assert len(rows) == len(SHARES) and all(ratio > 0 for _, ratio in rows)
