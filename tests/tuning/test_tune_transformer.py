"""Making a pipeline steady whose components listen to a transformer."""

import pytest
import spacy

import spacy_stablediff
from spacy_stablediff.tuning.prepare import choose_components, prepare
from spacy_stablediff.wiring.inlets import find_own_embedding
from spacy_stablediff.wiring.weights import read_weights, renumber, write_weights

from ..pipelines import EMBEDDING, HEAT, UNSEEN, add_textcat, examples_for, moved, our_warnings
from ..transformers import (
    add_listening,
    all_parameters,
    initialize,
    listening_pipeline,
    read,
    real_kinds,
    train,
)

pytestmark = [
    pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:.*SDW11"),
    pytest.mark.parametrize("kind", real_kinds),
]

TEXTS = [eg.text for eg in examples_for(spacy.blank("en"))] * 4
# What spaCy's own classifiers can't predict with a curated transformer is left out.
WRITTEN = [text for text in UNSEEN if not text.isspace()]


def trained(kind, folder, *components, steps=20, **settings):
    """A trained pipeline, saved and loaded."""
    (folder / "files").mkdir()
    nlp = listening_pipeline(kind, folder / "files", *components, **settings)
    train(initialize(nlp), steps=steps)
    return reloaded(nlp, folder / "trained")


def reloaded(nlp, path):
    nlp.to_disk(path)
    return spacy.load(path)


def said(nlp, texts=WRITTEN):
    return [(doc.cats, doc.to_json()["ents"]) for doc in nlp.pipe(texts)]


@pytest.mark.parametrize("diffusion", [None, HEAT], ids=["plain", "attached"])
@pytest.mark.parametrize("name", ["ner", "textcat"])
def test_a_prepared_listener_predicts_as_before(kind, name, diffusion, tmp_path):
    nlp = trained(kind, tmp_path, "textcat", "ner", diffusion=diffusion)
    before = said(nlp)
    assert choose_components(nlp, None) == ["textcat", "ner"]
    prepare(nlp, name, [], [])
    assert find_own_embedding(nlp.get_pipe(name)) is not None
    for pipeline in (nlp, reloaded(nlp, tmp_path / "after")):
        for text, (cats, ents), (expected, found) in zip(
            WRITTEN, said(pipeline), before, strict=True
        ):
            if not text.isupper():
                assert ents == found and cats == pytest.approx(expected, abs=1e-5)


def test_preparing_twice_is_preparing_once(kind, tmp_path):
    nlp = trained(kind, tmp_path, "ner", steps=2)
    prepare(nlp, "ner", [], [])
    described = nlp.config.to_str()
    prepare(nlp, "ner", [], [])
    assert nlp.config.to_str() == described


def test_what_is_not_named_stays_bit_by_bit(kind, tmp_path):
    nlp = trained(kind, tmp_path, "textcat", "ner")
    before = {name: read(nlp, name) for name in ("transformer", "textcat")}
    cats = [doc.cats for doc in nlp.pipe(WRITTEN)]
    tuning = spacy_stablediff.tune(nlp, TEXTS, ["ner"], epochs=1, keep=0.0, learn_rate=0.01)
    assert tuning.components == ["ner"]
    for name, values in before.items():
        assert not any(moved(values, read(nlp, name)))
    assert [doc.cats for doc in nlp.pipe(WRITTEN)] == cats
    assert said(reloaded(nlp, tmp_path / "tuned")) == said(nlp)


def test_edited_texts_come_to_be_taken_as_the_clean_ones(kind, tmp_path):
    nlp = trained(kind, tmp_path, "textcat", "ner", steps=60)
    settings = {"epochs": 8, "keep": 0.5, "learn_rate": 0.003}
    tuning = spacy_stablediff.tune(nlp, TEXTS * 2, **settings)
    assert sum(tuning.after.values()) > sum(tuning.before.values())


def test_components_that_embed_in_other_ways_are_tuned_beside_it(kind, tmp_path):
    nlp = trained(kind, tmp_path, "ner", steps=5)
    add_textcat(nlp, EMBEDDING, name="owner")
    nlp.get_pipe("owner").initialize(lambda: examples_for(nlp), nlp=nlp)
    tuning = spacy_stablediff.tune(nlp, TEXTS, epochs=1)
    assert tuning.components == ["ner", "owner"]


def test_a_transformer_that_nothing_listens_to_any_more_is_named(kind, tmp_path):
    nlp = trained(kind, tmp_path, "textcat", "ner", steps=2)
    assert not our_warnings(lambda: spacy_stablediff.tune(nlp, TEXTS, ["ner"], epochs=1))
    said = our_warnings(lambda: spacy_stablediff.tune(nlp, TEXTS, ["textcat"], epochs=1))
    assert [message[:30] for message in said] == ["[SDW11] Component 'transformer'"[:30]]


def test_copies_of_a_transformer_have_weights_of_their_own(kind, tmp_path):
    nlp = trained(kind, tmp_path, "textcat", "ner", steps=2)
    embeddings = [prepare(nlp, name, [], []) for name in ("textcat", "ner")]
    weights = [read_weights(embedding) for embedding in embeddings]
    assert not set(weights[0]) & set(weights[1])
    for embedding, values in zip(embeddings, weights, strict=True):
        assert len(values) == len(all_parameters(embedding))
        write_weights(embedding, {key: 0 * value for key, value in values.items()})
        assert not any(value.any() for value in read_weights(embedding).values())
        write_weights(embedding, values)
    for embedding, values in zip(embeddings, weights, strict=True):
        for key, value in read_weights(embedding).items():
            assert (value == values[key]).all()
    before = set(read_weights(embeddings[0]))
    renumber(embeddings[0])
    assert not before & set(read_weights(embeddings[0]))


def test_texts_without_words_are_no_trouble(kind, tmp_path):
    nlp = trained(kind, tmp_path, "textcat", "ner", steps=2)
    texts = ["One. Two!", "one two", "", "  ", "ONE TWO"] * 4
    spacy_stablediff.tune(nlp, texts, epochs=1)
    for batch in (["", "one"], ["  ", "one"], ["", "One"], ["", ""]):
        assert [len(doc.cats) for doc in nlp.pipe(batch)] == [2, 2]


def test_other_components_can_be_tuned(kind, tmp_path):
    nlp = trained(kind, tmp_path, "textcat_multilabel", steps=2)
    add_listening(nlp, kind, "spancat")
    initialize(nlp)
    tuning = spacy_stablediff.tune(nlp, TEXTS, epochs=1)
    assert tuning.components == ["textcat_multilabel", "spancat"]


def test_copies_of_a_frozen_transformer_learn(kind, tmp_path):
    frozen = {"frozen": True} if kind == "curated_transformer" else {}
    nlp = trained(kind, tmp_path, "ner", steps=5, **frozen)
    embedding = prepare(nlp, "ner", [], [])
    nlp.get_pipe("ner").update(examples_for(nlp))
    torch = [node for node in embedding.walk() if node.shims]
    assert any(p.gradient().any() for node in torch for p in all_parameters(node))
