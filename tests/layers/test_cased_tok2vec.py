"""Two embeddings, one of them for texts in a single case."""

import numpy
import pytest
import spacy
from spacy.training import Example
from thinc.api import Model, fix_random_seed

from spacy_stablediff.edits.casing import has_single_case
from spacy_stablediff.layers.cased_tok2vec import CasedTok2Vec

from ..pipelines import EMBEDDING, add_ner, parameters, predictions, sentence_tok2vec, train

CASED = {
    "@architectures": "spacy-stablediff.CasedTok2Vec.v1",
    "tok2vec": EMBEDDING,
    "single_case": EMBEDDING,
}
NLP = spacy.blank("en")


def scaled(factor):
    """An embedding that gives each token its length, times a factor."""

    def forward(model, docs, is_train):
        rows = [[[factor * len(token)] for token in doc] for doc in docs]
        return [model.ops.asarray2f(x) if x else model.ops.alloc2f(0, 1) for x in rows], learn

    learned = []
    learn = learned.append
    return Model("scaled", forward, dims={"nO": 1}, attrs={"learned": learned})


@pytest.mark.parametrize(
    "text, single",
    [
        ("porto is far", True),
        ("PORTO IS FAR", True),
        ("Porto is far", False),
        ("p 1, !", True),
        ("12 !", False),
        ("", False),
        ("東京", False),
    ],
)
def test_a_single_case_needs_letters_that_have_one(text, single):
    assert has_single_case(NLP.make_doc(text)) == single


def test_each_text_is_embedded_by_one_of_both_and_so_is_its_gradient():
    mixed, single = scaled(1.0), scaled(-1.0)
    model = CasedTok2Vec(mixed, single)
    docs = [NLP.make_doc(text) for text in ("To Porto", "to porto", "", "OK")]
    vectors, backprop = model(docs, is_train=True)
    assert [x.ravel().tolist() for x in vectors] == [[2, 5], [-2, -5], [], [-2]]
    backprop([numpy.full_like(x, i) for i, x in enumerate(vectors)])
    (first,), (second,) = (layer.attrs["learned"] for layer in (mixed, single))
    assert [x.ravel().tolist() for x in first] == [[0, 0]]
    assert [x.ravel().tolist() for x in second] == [[1, 1], [3]]


def test_texts_in_capitals_are_embedded_in_small_letters():
    seen = []

    def forward(model, docs, is_train):
        seen.extend(docs)
        return [numpy.zeros((len(doc), 1)) for doc in docs], None

    doc = NLP.make_doc("GONNA PORTO, U.S.")
    doc[0].norm_ = "going"
    doc[2].is_sent_start = True
    CasedTok2Vec(scaled(1.0), Model("keep", forward)).predict([doc, NLP.make_doc("to Porto")])
    (embedded,) = seen
    assert embedded.text == "gonna porto, u.s." and len(embedded) == len(doc)
    assert [token.norm_ for token in embedded] == [token.norm_ for token in doc]
    assert [token.is_sent_start for token in embedded] == [t.is_sent_start for t in doc]


def test_a_batch_of_one_kind_leaves_the_other_alone():
    mixed, single = scaled(1.0), scaled(-1.0)
    _, backprop = CasedTok2Vec(mixed, single)([NLP.make_doc("a b")], is_train=True)
    backprop([numpy.ones((2, 1))])
    assert not mixed.attrs["learned"] and len(single.attrs["learned"]) == 1


def test_empty_documents_alone_teach_nothing():
    mixed, single = scaled(1.0), scaled(-1.0)
    docs = [NLP.make_doc(text) for text in ("a b", "")]
    vectors, backprop = CasedTok2Vec(mixed, single)(docs, is_train=True)
    assert backprop(vectors) == docs
    assert not mixed.attrs["learned"] and len(single.attrs["learned"]) == 1


def test_a_pipeline_with_it_is_trained_saved_and_loaded(tmp_path):
    nlp = spacy.blank("en")
    add_ner(nlp, CASED)
    fix_random_seed(0)
    train(nlp, steps=4)
    nlp.to_disk(tmp_path)
    loaded = spacy.load(tmp_path)
    assert predictions(loaded) == predictions(nlp)
    first, second = loaded.get_pipe("ner").model.get_ref("tok2vec").layers[0].layers
    pairs = zip(parameters(first), parameters(second), strict=True)
    assert not all(numpy.array_equal(a, b) for a, b in pairs)


def test_learns_within_sentences_from_texts_in_capitals():
    """Where it is initialized no component has set sentences yet."""
    sentences = {**CASED, "tok2vec": sentence_tok2vec(), "single_case": sentence_tok2vec()}
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    add_ner(nlp, sentences)
    example = Example.from_dict(nlp.make_doc("HELLO ANN."), {"entities": [(6, 9, "PERSON")]})
    nlp.initialize(lambda: [example])
    nlp.update([example], annotates=["sentencizer"])
    assert len(list(nlp("HELLO ANN. HI.").sents)) == 2
