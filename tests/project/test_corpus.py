"""The bundled corpus is clean, balanced and annotated as it says."""

from collections import Counter
from pathlib import Path

import pytest
import srsly

PATH = Path(__file__).parents[2] / "assets" / "reviews.jsonl"


@pytest.fixture(scope="module")
def reviews():
    return list(srsly.read_jsonl(PATH))


def test_size_and_shares(reviews):
    sentiments = Counter(review["sentiment"] for review in reviews)
    labels = Counter(label for review in reviews for _, _, label in review["entities"])
    assert len(reviews) >= 400
    assert set(sentiments) == {"POSITIVE", "NEGATIVE", "NEUTRAL"}
    assert min(sentiments.values()) >= 0.25 * len(reviews)
    assert set(labels) == {"PRODUCT", "COMPANY", "PLACE", "PERSON"}
    assert sum(labels.values()) >= 700 and min(labels.values()) >= 100


def test_no_two_texts_alike(reviews):
    """Neither the same words, nor nearly the same: any two differ in most of their words."""
    bags = [frozenset(review["text"].lower().split()) for review in reviews]
    assert len(set(bags)) == len(reviews)
    for i, bag in enumerate(bags):
        assert all(len(bag & other) < 0.6 * len(bag | other) for other in bags[:i])


def test_entities_are_whole_words_that_do_not_overlap(reviews):
    for review in reviews:
        text, end_before = review["text"], 0
        assert text == text.strip()
        for start, end, _ in review["entities"]:
            assert end_before <= start < end <= len(text), text
            mention = text[start:end]
            assert mention == mention.strip() and mention, text
            assert not text[start - 1 : start].isalnum() and not text[end : end + 1].isalnum(), text
            end_before = end


def test_the_french_sentences_are_a_line_each_and_differ():
    lines = PATH.with_name("sentences_fr.txt").read_text(encoding="utf8").splitlines()
    assert len(set(lines)) == len(lines) == 100
    assert all(line == line.strip() and line[-1] in ".?" for line in lines)
