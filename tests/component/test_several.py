"""Several embeddings and several diffusions in one pipeline."""

import pytest
import spacy
from numpy.testing import assert_allclose
from thinc.api import Adam

from ..pipelines import (
    EMBEDDING,
    FIXED_HEAT,
    WIDTH,
    add_ner,
    add_textcat,
    chain_pipeline,
    examples_for,
    listener,
    predictions,
    train,
)
from ..references import dense_default, dense_heat
from ..runs import assert_trains_on_what_it_will_read, training_vectors


def test_two_embeddings_of_different_widths(tmp_path):
    nlp = spacy.blank("en")
    for width, suffix in [(16, "narrow"), (24, "wide")]:
        embedding = {**EMBEDDING, "width": width}
        nlp.add_pipe("tok2vec", name=f"tok2vec_{suffix}", config={"model": embedding})
        config = {"upstream": f"tok2vec_{suffix}"}
        nlp.add_pipe("stablediff", name=f"stablediff_{suffix}", config=config)
        reader = {**listener(f"tok2vec_{suffix}"), "width": width}
        add_textcat(nlp, reader, name=f"textcat_{suffix}")
    before = train(nlp, steps=1)[0]
    after = train(nlp, steps=12)[-1]
    for suffix, width in [("narrow", 16), ("wide", 24)]:
        assert after[f"textcat_{suffix}"] < before[f"textcat_{suffix}"]
        assert nlp.get_pipe(f"stablediff_{suffix}").model.get_dim("nI") == width
        assert_trains_on_what_it_will_read(nlp, f"textcat_{suffix}")
    nlp.to_disk(tmp_path)
    assert predictions(spacy.load(tmp_path)) == predictions(nlp)


def test_each_embedding_ends_what_the_diffusion_before_it_reaches():
    nlp = spacy.blank("en")
    for suffix, add in [("_1", add_textcat), ("_2", add_ner)]:
        nlp.add_pipe("tok2vec", name=f"tok2vec{suffix}", config={"model": EMBEDDING})
        config = {"upstream": f"tok2vec{suffix}", "model": FIXED_HEAT}
        nlp.add_pipe("stablediff", name=f"stablediff{suffix}", config=config)
        add(nlp, listener("*"))
    train(nlp, steps=0)
    for name in ("textcat", "ner"):
        assert_trains_on_what_it_will_read(nlp, name)
        frozen = ["tok2vec_1", "tok2vec_2"]
        lists = {"exclude": frozen, "annotates": frozen}
        assert_trains_on_what_it_will_read(fresh_listeners(nlp), name, **lists)


def fresh_listeners(nlp):
    """The same pipeline, in a process where nothing has been trained."""
    return spacy.blank("en").from_config(nlp.config).from_bytes(nlp.to_bytes())


def test_position_decides_for_frozen_embeddings_too():
    nlp = spacy.blank("en")
    for suffix in ("_1", "_2"):
        nlp.add_pipe("tok2vec", name=f"tok2vec{suffix}", config={"model": EMBEDDING})
    nlp.add_pipe("stablediff", config={"upstream": "tok2vec_2"})
    add_textcat(nlp, listener("tok2vec_1"))
    add_ner(nlp, listener("tok2vec_2"))
    train(nlp, steps=0)
    frozen = ["tok2vec_1", "tok2vec_2"]
    for name in ("textcat", "ner"):
        assert_trains_on_what_it_will_read(nlp, name, exclude=frozen, annotates=frozen)


def test_widths_that_do_not_fit_are_refused():
    nlp = chain_pipeline([])
    add_ner(nlp, {**listener(), "width": 24})
    with pytest.raises(ValueError, match=r"\[SD015\] Component 'stablediff'.*'ner'.*width 24"):
        nlp.initialize(lambda: examples_for(nlp))


def test_each_of_several_diffusions_adds_to_the_one_before(tmp_path):
    nlp = spacy.blank("en")
    nlp.add_pipe("tok2vec", config={"model": EMBEDDING})
    nlp.add_pipe("stablediff", name="first", config={"model": FIXED_HEAT})
    add_textcat(nlp)
    nlp.add_pipe("stablediff", name="second", config={"upstream": "first"})
    add_ner(nlp)
    train(nlp, steps=0)
    plain = nlp.get_pipe("tok2vec").predict([eg.predicted for eg in examples_for(nlp)])
    once = [dense_heat(X, [FIXED_HEAT["time"]] * WIDTH) for X in plain]
    twice = [dense_default(X) for X in once]
    for name, expected in [("textcat", once), ("ner", twice)]:
        for given, X in zip(training_vectors(nlp, name), expected, strict=True):
            assert_allclose(given, X, atol=1e-4)
        assert_trains_on_what_it_will_read(nlp, name)
    train(nlp)
    assert nlp.get_pipe("second").model.get_dim("nI") == WIDTH
    nlp.to_disk(tmp_path)
    assert predictions(spacy.load(tmp_path)) == predictions(nlp)


def test_several_diffusions_with_a_frozen_upstream_train_on_what_is_read():
    nlp = spacy.blank("en")
    nlp.add_pipe("tok2vec", config={"model": EMBEDDING})
    nlp.add_pipe("stablediff", name="first")
    nlp.add_pipe("stablediff", name="second")
    add_ner(nlp)
    train(nlp, steps=0)
    lists = {"exclude": ["tok2vec"], "annotates": ["tok2vec"]}
    for _ in range(2):
        assert_trains_on_what_it_will_read(nlp, "ner", **lists)
        nlp.update(examples_for(nlp), sgd=Adam(0.01), **lists)
