"""What the graph of words is timed with."""

import pytest
import spacy

from benchmarks.text import Films
from benchmarks.words import TIMES, measure_prediction, measure_search


@pytest.mark.real("symspellpy")
def test_all_means_of_search_look_up_the_same_words(tmp_path):
    (tmp_path / "table.txt").write_text("recieve->receive\nthier->their\n", encoding="utf8")
    rows = measure_search(tmp_path / "table.txt", 0.5)
    assert len(rows) == 3 and all(made >= 0 and found > 0 for _, made, found in rows)


def test_pipelines_are_timed_with_the_graph_and_without():
    nlp = spacy.blank("en")
    texts = ["We liked the movie", "Nobody liked it", "The movie is fine", "We saw it twice"]
    docs = [nlp(text) for text in texts]
    for doc in docs:
        doc.cats = {"POSITIVE": 1.0, "NEGATIVE": 0.0}
    measured = measure_prediction(Films(nlp, docs), rounds=1)
    assert measured.keys() == {"clean", "misspelt"}
    for comparison in measured.values():
        assert {each["name"] for each in comparison} == set(TIMES)
