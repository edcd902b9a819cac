"""Pretraining an embedding that counts its words: raw texts once, masked copies never."""

import numpy
import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.ml.models.multi_task import (
    build_masked_language_model,
    create_pretrain_characters,
    create_pretrain_vectors,
)
from spacy.training.pretrain import make_update
from spacy.util import registry
from spacy.vectors import Vectors
from thinc.api import Adam, Linear, chain, fix_random_seed, list2array

from spacy_stablediff.edits.casing import has_single_case
from spacy_stablediff.layers.cased_tok2vec import lower
from spacy_stablediff.wiring.embeddings import PRETRAINING
from spacy_stablediff.words.counting import KINDS, Words
from spacy_stablediff.words.known import find_words
from spacy_stablediff.words.pretraining import Pretrain

from ..pipelines import EMBEDDING, WIDTH

NLP = spacy.blank("en")
WORDS = {"@architectures": "spacy-stablediff.WordGraphTok2Vec.v1", "tok2vec": EMBEDDING}
CHARACTERS = create_pretrain_characters(maxout_pieces=2, hidden_size=8, n_characters=2)
TEXTS = [
    "Two weeks, three calls and no refund from Vellorane.",
    "never again",
    "ok",
    "",
    "ok",
    "NO REFUND",
    "Two weeks of [MASK] calls.",
]

some_texts = st.lists(st.text("abAB .", max_size=12), min_size=1, max_size=5)


def make(block):
    return registry.resolve({"tok2vec": block})["tok2vec"]


def guess_nothing(mask_prob):
    """An objective that masks as spaCy does, each word with this probability."""

    def create(vocab, tok2vec):
        head = chain(list2array(), Linear(nO=2, nI=WIDTH))
        model = build_masked_language_model(vocab, chain(tok2vec, head), mask_prob)
        model.set_ref("tok2vec", tok2vec)
        model.attrs["loss"] = lambda ops, docs, prediction: (0.0, prediction)
        return model

    return create


def pretrain(tok2vec, texts, objective, epochs=1, batch_size=2):
    """Do what `spacy pretrain` does, but for reading and writing files."""
    sample = [NLP.make_doc(PRETRAINING)]
    tok2vec.initialize(X=sample)
    model = objective(NLP.vocab, tok2vec)
    model.initialize(X=sample)
    optimizer = Adam(0.01)
    for _ in range(epochs):
        docs = [NLP.make_doc(text) for text in texts]
        for start in range(0, len(docs), batch_size):
            batch = docs[start : start + batch_size]
            if any(len(doc) for doc in batch):
                make_update(model, batch, optimizer, model.attrs["loss"])
    return model


def count(docs):
    words = Words(2)
    words.count(docs)
    return words


def assert_same(words, other):
    for kind in KINDS:
        assert words.tallies[kind].counts == other.tallies[kind].counts
    assert words.texts == other.texts
    for name in ("known", "seen"):
        assert numpy.array_equal(getattr(words, name), getattr(other, name))


@settings(max_examples=25)
@given(some_texts, st.integers(1, 3), st.sampled_from([0.0, 0.15, 1.0]), st.integers(1, 3))
def test_counts_are_those_of_the_raw_texts(texts, epochs, mask_prob, batch_size):
    tok2vec = make(WORDS)
    pretrain(tok2vec, texts, Pretrain(guess_nothing(mask_prob)), epochs, batch_size)
    (words,) = find_words(tok2vec)
    assert_same(words, count(map(NLP.make_doc, texts)))


@settings(max_examples=25)
@given(some_texts, st.integers(1, 3), st.sampled_from([0.0, 0.15, 1.0]))
def test_an_objective_alone_has_nothing_counted_and_it_says_so(texts, epochs, mask_prob):
    tok2vec = make(WORDS)
    trains = any(len(NLP.make_doc(text)) for text in texts)
    if trains:
        with pytest.warns(UserWarning, match="SDW13"):
            pretrain(tok2vec, texts, guess_nothing(mask_prob), epochs)
    (words,) = find_words(tok2vec)
    assert not words and not words.texts


def test_words_may_be_left_to_training(recwarn):
    tok2vec = make(WORDS)
    pretrain(tok2vec, TEXTS, Pretrain(CHARACTERS, count_words=False))
    (words,) = find_words(tok2vec)
    assert not words and not words.texts
    assert not [each for each in recwarn if "SDW13" in str(each.message)]


def test_it_says_so_once():
    with pytest.warns(UserWarning) as caught:
        pretrain(make(WORDS), TEXTS, CHARACTERS, epochs=3)
    assert len([each for each in caught if "SDW13" in str(each.message)]) == 1


def test_training_counts_again():
    """spaCy initializes the embedding anew, and then loads the weights."""
    tok2vec = make(WORDS)
    pretrain(tok2vec, TEXTS, Pretrain(CHARACTERS))
    weights = tok2vec.to_bytes()
    docs = [NLP.make_doc("calls calls Brightmoor")]
    tok2vec.initialize(X=docs)
    tok2vec.from_bytes(weights)
    tok2vec.begin_update(docs)
    (words,) = find_words(tok2vec)
    raw = count(map(NLP.make_doc, TEXTS))
    expected = Words(2).from_bytes(raw.to_bytes())
    expected.count(docs)
    assert_same(words, expected)
    ids = [NLP.vocab.strings[word] for word in ("calls", "brightmoor", "refund")]
    assert words.look_up(numpy.asarray(ids, dtype="uint64")).tolist() == [2, 1, 2]


def test_pretraining_that_is_resumed_counts_on():
    """It begins with a part of the texts, and goes on with all."""
    first, second = make(WORDS), make(WORDS)
    pretrain(first, TEXTS[:3], Pretrain(CHARACTERS))
    model = pretrain(second, [], Pretrain(CHARACTERS))
    model.get_ref("tok2vec").from_bytes(first.to_bytes())
    for texts in (TEXTS[:3], TEXTS[3:]):
        docs = [NLP.make_doc(text) for text in texts]
        make_update(model, docs, Adam(0.01), model.attrs["loss"])
    (words,) = find_words(second)
    assert_same(words, count(map(NLP.make_doc, TEXTS)))


def test_each_embedding_counts_the_texts_that_it_is_for():
    block = {
        "@architectures": "spacy-stablediff.CasedTok2Vec.v1",
        "tok2vec": WORDS,
        "single_case": WORDS,
    }
    tok2vec = make(block)
    pretrain(tok2vec, TEXTS, Pretrain(CHARACTERS), epochs=2)
    mixed, single = find_words(tok2vec)
    docs = [NLP.make_doc(text) for text in TEXTS]
    assert_same(mixed, count(doc for doc in docs if not has_single_case(doc)))
    of_one_case = [doc for doc in docs if has_single_case(doc)]
    assert_same(single, count(lower(doc) if doc.text.isupper() else doc for doc in of_one_case))


@pytest.mark.parametrize("words, case", [(["never", "[MASK]"], True), (["Never", "[MASK]"], False)])
def test_a_masked_word_has_no_case(words, case):
    assert has_single_case(spacy.tokens.Doc(NLP.vocab, words)) == case


@pytest.mark.parametrize("name", ["characters", "vectors"])
def test_an_embedding_that_counts_no_words_learns_as_without(name):
    objectives = {
        "characters": CHARACTERS,
        "vectors": create_pretrain_vectors(maxout_pieces=2, hidden_size=8, loss="cosine"),
    }
    data = numpy.random.default_rng(0).normal(size=(4, 3)).astype("f")
    keys = ["Two", "refund", "again", "ok"]
    NLP.vocab.vectors = Vectors(strings=NLP.vocab.strings, data=data, keys=keys)
    weights = []
    for objective in (objectives[name], Pretrain(objectives[name])):
        fix_random_seed(0)
        tok2vec = make(EMBEDDING)
        pretrain(tok2vec, TEXTS, objective, epochs=2)
        weights.append(tok2vec.to_bytes())
    assert weights[0] == weights[1]


@pytest.mark.parametrize("pipe", ["ner", "parser"])
def test_the_embedding_in_front_of_a_linear_layer_is_pretrained(pipe):
    nlp = spacy.blank("en")
    tok2vec = nlp.add_pipe(pipe).model.get_ref("tok2vec")
    tok2vec.initialize(X=[NLP.make_doc(PRETRAINING)])
    before = tok2vec.to_bytes()
    model = pretrain(tok2vec, TEXTS, Pretrain(CHARACTERS))
    assert model.get_ref("tok2vec") is tok2vec and tok2vec.to_bytes() != before
