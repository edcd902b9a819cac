"""The edits of the study."""

import pytest
import spacy
from spacy.training import Example

pytest.importorskip("augmenty")

from study.edits import make_keep, make_test_edits


def test_texts_stay_beside_their_edits():
    nlp = spacy.blank("en")
    example, other = (Example.from_dict(nlp(text), {}) for text in ("a text", "a test"))
    keep = make_keep(lambda nlp, example: iter([other]))
    assert list(keep(nlp, example)) == [example, other]


def test_edits_of_the_plan_can_be_made(plan):
    edits = make_test_edits(plan)
    assert edits.keys() == plan["test_edits"].keys()
    assert all(map(callable, edits.values()))
