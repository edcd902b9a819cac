"""The spelling corrector in front of a pipeline."""

import pytest
import spacy
from spacy.training import Example

pytest.importorskip("symspellpy")

from study.corrector import Corrector, put_corrector


@pytest.fixture(scope="module")
def corrector():
    return Corrector(2)


@pytest.fixture
def nlp():
    nlp = spacy.blank("en")
    nlp.add_pipe("tok2vec")
    nlp.initialize(lambda: [Example.from_dict(nlp.make_doc("Some restaurant ."), {})])
    return nlp


def test_words_are_corrected_one_by_one(corrector, nlp):
    doc = nlp.make_doc("The Resturant's fod, becuase we beleive!")
    corrected = corrector(doc)
    assert corrected.text == "The Restaurant's for, because we believe!"
    assert len(corrected) == len(doc)


@pytest.mark.parametrize("word", ["B2B", "@resturant", "12,5", "!", "x", "qqqqzzzzxxxx"])
def test_what_is_no_word_or_like_none_stays(corrector, nlp, word):
    words = [token.text for token in nlp.make_doc(word)]
    assert [token.text for token in corrector(nlp.make_doc(word))] == words


def test_distance_is_how_many_letters_may_be_wrong(nlp):
    doc = nlp.make_doc("restarant acomodation")
    assert Corrector(1)(doc).text == "restaurant acomodation"
    assert Corrector(2)(doc).text == "restaurant accommodation"


def test_pipeline_sees_corrected_words_and_keeps_its_own(nlp):
    expected = nlp("Some restaurant .").tensor
    assert (nlp("Some resturant .").tensor != expected).any()
    put_corrector(nlp, 1)
    doc = nlp("Some resturant .")
    assert doc.text == "Some resturant ."
    assert (doc.tensor == expected).all()
