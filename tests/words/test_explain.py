"""What a pipeline tells of the words that it diffuses."""

import pytest
import spacy
from thinc.api import concatenate

from spacy_stablediff import explain_words
from spacy_stablediff.layers.cased_tok2vec import CasedTok2Vec
from spacy_stablediff.words.explain import count_read_as_others

from .test_layer import OFTEN, learn, trained_on


def test_tells_for_each_diffused_word_what_it_is_made_of():
    (word,) = explain_words(trained_on(OFTEN), "I am habby")
    assert (word.index, word.text, word.component) == (2, "habby", "tok2vec")
    assert {form for form, _ in word.sources} == {"happy", "habby"}
    shares = [share for _, share in word.sources]
    assert shares == sorted(shares, reverse=True) and sum(shares) == pytest.approx(1)


def test_takes_documents_that_were_processed_already():
    nlp = trained_on(OFTEN)
    assert explain_words(nlp, nlp("I am hapyp")) == explain_words(nlp, "I am hapyp")


@pytest.mark.parametrize("text", ["", "  ", "I am happy", "Brightmoor 7 😀"])
def test_words_that_stay_as_they_are_are_left_out(text):
    assert explain_words(trained_on(OFTEN), text) == []


def test_refuses_a_pipeline_or_a_component_without_a_graph_of_words():
    with pytest.raises(ValueError, match=r"\[SD070\]"):
        explain_words(spacy.blank("en"), "I am hapyp")
    with pytest.raises(ValueError, match=r"\[SD070\].*textcat.*: tok2vec"):
        explain_words(trained_on(OFTEN), "I am hapyp", component="textcat")


def test_counts_words_that_are_read_as_others_for_the_most_part():
    nlp = trained_on([*OFTEN, "wonderful " * 50])
    docs = [nlp.make_doc(text) for text in ("A wonderfull day", "So wonderfull", "Happily I am")]
    assert count_read_as_others(nlp, docs) == {("wonderfull", "wonderful"): 2}
    assert count_read_as_others(spacy.blank("en"), docs) == {}


def test_words_that_are_learned_later_are_told_of():
    nlp = trained_on(OFTEN)
    learn(nlp, ["jolly good"])
    assert [word.text for word in explain_words(nlp, "A jolyl day")] == ["jolyl"]


def test_embeddings_by_case_tell_of_the_one_that_a_text_goes_to():
    graph = trained_on([*OFTEN, "wonderful " * 50]).get_pipe("tok2vec").model
    nlp = spacy.blank("en")
    pipe = nlp.add_pipe("tok2vec")
    pipe.model = CasedTok2Vec(graph, graph.copy())
    for text, meant in (("A wonderfull day", "wonderful"), ("A WONDERFULL DAY", "wonderful")):
        doc = nlp.make_doc(text)
        words = [word for word in explain_words(nlp, doc) if word.index == 1]
        assert [(word.text, word.sources[0][0]) for word in words] == [(doc[1].text, meant)]
        assert count_read_as_others(nlp, [doc])[doc[1].text, meant] == 1


def test_layers_that_agree_are_told_of_once():
    nlp = trained_on([*OFTEN, "wonderful " * 50])
    pipe = nlp.get_pipe("tok2vec")
    pipe.model = concatenate(pipe.model, pipe.model.copy())
    (word,) = explain_words(nlp, "A wonderfull day")
    assert count_read_as_others(nlp, [nlp.make_doc("wonderfull")]) == {(word.text, "wonderful"): 1}
