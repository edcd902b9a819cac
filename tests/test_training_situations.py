"""Training as spaCy's users do it: frozen, resumed, sourced, replaced, pretrained, assembled."""

import copy
import io
import json

import numpy
import pytest
import spacy
from numpy.testing import assert_allclose
from spacy.cli import app
from spacy.language import DEFAULT_CONFIG_PRETRAIN_PATH, Language
from spacy.pipeline.tok2vec import Tok2VecListener
from spacy.tokens import DocBin
from spacy.training.initialize import init_nlp
from spacy.training.loop import train as run_training
from spacy.util import load_config, load_model_from_config
from thinc.api import Adam, fix_random_seed
from typer.testing import CliRunner

import spacy_stablediff
from spacy_stablediff.pipeline import StableDiff

from .pipelines import (
    ADD,
    EMBEDDING,
    HEAT,
    IMPLICIT,
    WIDTH,
    add_ner,
    add_textcat,
    annotated_examples,
    chain_pipeline,
    diffused_tok2vec,
    examples_for,
    initialize,
    listener,
    train,
)
from .references import dense_default, dense_heat

unread = pytest.mark.filterwarnings("ignore:.*SDW0[24]")
FIXED_HEAT = {**HEAT, "time": 0.4, "learn_time": False}
TEXT = "Brightmoor sent two Lumo to Porto. Nobody asked! Why"
TEXTS = [TEXT, "", "x", "ok thanks"]


def find_listener(nlp, component):
    nodes = nlp.get_pipe(component).model.walk()
    return next(node for node in nodes if isinstance(node, Tok2VecListener))


def parameters(nlp, component):
    """Copies of all parameters of a component, in one list."""
    return parameters_of(nlp.get_pipe(component).model)


def parameters_of(model):
    nodes = model.walk()
    found = [(n, name) for n in nodes for name in n.param_names if n.has_param(name)]
    return [numpy.array(n.get_param(name)) for n, name in found]


def moved(before, after):
    """Tell of each parameter whether it changed."""
    return [not numpy.array_equal(a, b) for a, b in zip(before, after, strict=True)]


def predictions(nlp):
    return [doc.to_bytes() for doc in nlp.pipe(TEXTS)]


def training_vectors(nlp, component, **kwargs):
    """What a component's listener gives it for the examples, in an update without steps."""
    node, given = find_listener(nlp, component), []
    forward = node._func

    def record(model, docs, is_train):
        output = forward(model, docs, is_train)
        given.append(output[0])
        return output

    node._func = record
    nlp.update(examples_for(nlp), sgd=False, **kwargs)
    node._func = forward
    return given[0]


def prediction_vectors(nlp, component):
    """What it reads from the same documents in prediction."""
    before = nlp.pipe_names[: nlp.pipe_names.index(component)]
    with nlp.select_pipes(enable=before):
        return [nlp(eg.text).tensor for eg in examples_for(nlp)]


def assert_trains_on_what_it_will_read(nlp, component, **kwargs):
    pairs = zip(
        training_vectors(nlp, component, **kwargs), prediction_vectors(nlp, component), strict=True
    )
    for given, read in pairs:
        assert_allclose(given, read, atol=1e-5)


def training_config(nlp, folder, **training):
    """A complete config for `spacy train`, of the pipeline and with the texts as its corpus."""
    corpus = folder / "corpus.spacy"
    DocBin(docs=[eg.reference for eg in examples_for(nlp)], store_user_data=True).to_disk(corpus)
    config = nlp.config.copy()
    config["paths"].update(train=str(corpus), dev=str(corpus))
    config["training"].update(max_steps=4, eval_frequency=2, **training)
    return config


def run(config):
    """What `spacy train` does, with a config."""
    fix_random_seed(0)
    nlp = init_nlp(config)
    run_training(nlp, stdout=io.StringIO(), stderr=io.StringIO())
    return nlp


# A pipeline that exists already gets diffusion, and is trained further.


@pytest.fixture
def base(tmp_path):
    """A trained pipeline without diffusion, on disk."""
    nlp = spacy.blank("en")
    nlp.add_pipe("tok2vec", config={"model": EMBEDDING})
    add_textcat(nlp)
    add_ner(nlp)
    train(nlp)
    nlp.to_disk(tmp_path / "base")
    return tmp_path / "base"


def config_with_new_diffusion(base, folder, **training):
    """Every component sourced from `base`, and a new `stablediff` after the embedding."""
    config = training_config(chain_pipeline(["textcat", "ner"]), folder, **training)
    for name in ("tok2vec", "textcat", "ner"):
        config["components"][name] = {"source": str(base)}
    return config


@pytest.mark.filterwarnings("error:.*SDW")
def test_new_diffusion_between_sourced_components_is_trained_with_them(base, tmp_path):
    config = config_with_new_diffusion(base, tmp_path)
    fresh = init_nlp(config)
    nlp = run(config)
    for name in ("tok2vec", "stablediff", "textcat", "ner"):
        assert any(moved(parameters(fresh, name), parameters(nlp, name))), name
    assert all(moved(parameters(fresh, "stablediff"), parameters(nlp, "stablediff")))
    assert_trains_on_what_it_will_read(nlp, "ner")


FROZEN_UPSTREAM = {
    "frozen_components": ["tok2vec"],
    "annotating_components": ["tok2vec", "stablediff"],
}


@pytest.mark.filterwarnings("error:.*SDW")
def test_frozen_upstream_that_annotates_lets_the_diffusion_learn(base, tmp_path):
    config = config_with_new_diffusion(base, tmp_path, **FROZEN_UPSTREAM)
    fresh = init_nlp(config)
    nlp = run(config)
    assert not any(moved(parameters(fresh, "tok2vec"), parameters(nlp, "tok2vec")))
    assert all(moved(parameters(fresh, "stablediff"), parameters(nlp, "stablediff")))
    assert any(moved(parameters(fresh, "ner"), parameters(nlp, "ner")))
    frozen = {"exclude": ["tok2vec"], "annotates": ["tok2vec", "stablediff"]}
    for name in ("textcat", "ner"):
        assert_trains_on_what_it_will_read(nlp, name, **frozen)


@pytest.mark.parametrize(
    "exclude, annotates",
    [
        ([], []),
        ([], ["tok2vec"]),
        ([], ["tok2vec", "stablediff"]),
        (["tok2vec"], ["tok2vec"]),
        (["tok2vec"], ["tok2vec", "stablediff"]),
        (["tok2vec", "stablediff"], ["tok2vec", "stablediff"]),
    ],
)
def test_consistent_lists_train_on_what_is_read_in_prediction(base, exclude, annotates):
    nlp = spacy.load(base)
    nlp.add_pipe("stablediff", after="tok2vec")
    for name in ("textcat", "ner"):
        assert_trains_on_what_it_will_read(nlp, name, exclude=exclude, annotates=annotates)


def test_frozen_upstream_that_does_not_annotate_is_an_error_of_spacy(base):
    nlp = spacy.load(base)
    nlp.add_pipe("stablediff", after="tok2vec")
    with pytest.raises(ValueError, match=r"\[E203\].*annotating components"):
        nlp.update(examples_for(nlp), exclude=["tok2vec"])


def test_diffusion_that_annotates_after_an_upstream_that_does_not_is_an_error(base):
    nlp = spacy.load(base)
    nlp.add_pipe("stablediff", after="tok2vec")
    with pytest.raises(ValueError, match=r"\[SD005\].*\[training.annotating_components\]"):
        nlp.update(examples_for(nlp), annotates=["stablediff"])


def test_frozen_diffusion_that_does_not_annotate_is_warned_of_by_spacy(base, tmp_path, caplog):
    lists = {
        "frozen_components": ["tok2vec", "stablediff"],
        "annotating_components": ["tok2vec"],
    }
    init_nlp(config_with_new_diffusion(base, tmp_path, **lists))
    warned = [record.getMessage() for record in caplog.records]
    assert any("[W086]" in text and "'stablediff'" in text for text in warned)


@pytest.mark.parametrize("annotates", [[], ["tok2vec", "stablediff"]])
def test_frozen_diffusion_after_an_upstream_that_learns_is_warned_of(base, tmp_path, annotates):
    lists = {"frozen_components": ["stablediff"], "annotating_components": annotates}
    config = config_with_new_diffusion(base, tmp_path, **lists)
    with pytest.warns(UserWarning, match=r"\[SDW03\].*'stablediff'.*frozen_components"):
        run(config)


def test_diffusion_without_parameters_serves_as_a_frozen_one(base, tmp_path):
    config = config_with_new_diffusion(base, tmp_path)
    config["components"]["stablediff"]["model"] = FIXED_HEAT
    nlp = run(config)
    assert not parameters(nlp, "stablediff")
    assert_trains_on_what_it_will_read(nlp, "ner")


@pytest.mark.parametrize("frozen, trained", [("textcat", "ner"), ("ner", "textcat")])
def test_frozen_component_after_the_diffusion_stays_as_it_is(base, tmp_path, frozen, trained):
    config = config_with_new_diffusion(base, tmp_path, frozen_components=[frozen])
    fresh = init_nlp(config)
    nlp = run(config)
    assert not any(moved(parameters(fresh, frozen), parameters(nlp, frozen)))
    assert any(moved(parameters(fresh, trained), parameters(nlp, trained)))
    assert all(moved(parameters(fresh, "stablediff"), parameters(nlp, "stablediff")))
    # The embedding learns through its last listener: as in spaCy without diffusion.
    learns = any(moved(parameters(fresh, "tok2vec"), parameters(nlp, "tok2vec")))
    assert learns == (trained == "ner")


def test_accumulated_gradients_are_those_of_the_embedding_that_diffuses():
    monolith = spacy.blank("en")
    monolith.add_pipe("tok2vec", config={"model": diffused_tok2vec(IMPLICIT)})
    for name in ("textcat", "ner"):
        ADD[name](monolith)
    chain = chain_pipeline(["textcat", "ner"])
    for nlp in (chain, monolith):
        train(nlp, steps=0)
        examples, optimizer = examples_for(nlp), Adam(0.001)
        for _ in range(4):
            for part in (examples[:2], examples[2:]):
                nlp.update(part, sgd=False)
            for _, component in nlp.pipeline:
                component.finish_update(optimizer)
    diffused = monolith.get_pipe("tok2vec").model
    for name, part in [("tok2vec", "tok2vec"), ("stablediff", "diffusion")]:
        single = parameters_of(diffused.get_ref(part))
        for a, b in zip(parameters(chain, name), single, strict=True):
            assert_allclose(a, b, atol=1e-5)


def test_training_is_resumed():
    nlp = chain_pipeline(["textcat", "ner"])
    train(nlp)
    loaded = spacy.blank("en").from_config(nlp.config).from_bytes(nlp.to_bytes())
    optimizer = loaded.resume_training(sgd=Adam(0.01))
    before = parameters(loaded, "stablediff")
    losses = [loaded.update(examples_for(loaded), sgd=optimizer)["ner"] for _ in range(8)]
    assert losses[-1] < losses[0] / 2
    assert all(moved(before, parameters(loaded, "stablediff")))
    assert_trains_on_what_it_will_read(loaded, "ner")


REHEARSED = ["ner", "textcat", "tagger", "parser"]


@pytest.mark.parametrize("name", REHEARSED)
def test_attached_components_are_rehearsed(name):
    """Rehearsal brings the predictions back to what they were before other data came."""
    nlp = spacy.blank("en")
    nlp.add_pipe(name)
    spacy_stablediff.attach(nlp, name)
    initialize(nlp)
    optimizer = nlp.resume_training(sgd=Adam(0.001))
    node = next(n for n in nlp.get_pipe(name).model.walk() if n.name == "diffused_tok2vec")
    diffusion = node.get_ref("diffusion")
    for _ in range(5):
        nlp.update(annotated_examples(nlp), sgd=optimizer)
    before = {param: diffusion.get_param(param).copy() for param in diffusion.param_names}
    losses = [nlp.rehearse(annotated_examples(nlp), sgd=optimizer)[name] for _ in range(15)]
    assert 0 <= losses[-1] < losses[0]
    for param, value in before.items():
        assert not numpy.array_equal(diffusion.get_param(param), value)


# Several embeddings, several diffusions.


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
    once = [dense_heat(X, [0.4] * WIDTH) for X in plain]
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


# The component is switched off, and on again.


def test_switched_off_it_leaves_the_vectors_alone(tmp_path):
    nlp = chain_pipeline(["textcat", "ner"])
    train(nlp)
    diffused = predictions(nlp)
    with nlp.select_pipes(disable=["stablediff"]):
        plain = nlp.get_pipe("tok2vec").predict([nlp.make_doc(TEXT)])[0]
        assert numpy.array_equal(nlp(TEXT).tensor, plain)
        switched_off = predictions(nlp)
        nlp.to_disk(tmp_path)
    assert predictions(nlp) == diffused != switched_off
    loaded = spacy.load(tmp_path)
    assert loaded.disabled == ["stablediff"] and predictions(loaded) == switched_off
    loaded.enable_pipe("stablediff")
    assert predictions(loaded) == diffused


def test_switched_off_in_training_it_is_warned_of_when_switched_on():
    nlp = chain_pipeline(["textcat", "ner"])
    train(nlp)
    before = parameters(nlp, "stablediff")
    with nlp.select_pipes(disable=["stablediff"]):
        nlp.update(examples_for(nlp), sgd=Adam(0.01))
        assert_trains_on_what_it_will_read(nlp, "ner")
    assert not any(moved(before, parameters(nlp, "stablediff")))
    with pytest.warns(UserWarning, match="SDW03"):
        nlp(TEXT)


def test_only_what_follows_can_be_trained():
    nlp = chain_pipeline(["textcat", "ner"])
    train(nlp)
    before = parameters(nlp, "stablediff")
    with nlp.select_pipes(disable=["textcat"]):
        for _ in range(2):
            nlp.update(examples_for(nlp), sgd=Adam(0.01))
    assert all(moved(before, parameters(nlp, "stablediff")))


def test_components_updated_one_by_one_learn_from_what_is_switched_on():
    nlp = chain_pipeline(["textcat", "ner"])
    train(nlp)
    before, optimizer = parameters(nlp, "stablediff"), Adam(0.01)
    with nlp.select_pipes(disable=["ner"]):
        for _ in range(2):
            for _, component in nlp.pipeline:
                component.update(examples_for(nlp), sgd=optimizer)
    assert all(moved(before, parameters(nlp, "stablediff")))


# nlp.replace_listeners: the component gets an embedding of its own, diffused as before.


def replaceable_pipeline(suffixes=("",), diffusion=IMPLICIT):
    nlp = spacy.blank("en")
    nlp.add_pipe("tok2vec", config={"model": EMBEDDING})
    for suffix in suffixes:
        nlp.add_pipe("stablediff", name=f"stablediff{suffix}", config={"model": diffusion})
    add_textcat(nlp)
    add_ner(nlp)
    train(nlp)
    return nlp


def ents(nlp):
    return [[(e.text, e.label_) for e in doc.ents] for doc in nlp.pipe(TEXTS)]


def own_vectors(nlp):
    """What `ner` computes its predictions from, for a text, whoever embeds it."""
    before = nlp.pipe_names[: nlp.pipe_names.index("ner")]
    with nlp.select_pipes(enable=before):
        doc = nlp(TEXT)
    return nlp.get_pipe("ner").model.get_ref("tok2vec").predict([doc])


one_or_two = pytest.mark.parametrize("suffixes", [("",), ("_1", "_2")], ids=["one", "two"])


@one_or_two
@pytest.mark.parametrize("diffusion", [HEAT, IMPLICIT], ids=["heat", "implicit"])
def test_replaced_listeners_predict_the_same(suffixes, diffusion, tmp_path):
    nlp = replaceable_pipeline(suffixes, diffusion)
    before, texts = own_vectors(nlp), predictions(nlp)
    nlp.replace_listeners(f"stablediff{suffixes[-1]}", "ner", ["model.tok2vec"])
    assert_allclose(own_vectors(nlp), before, atol=1e-5)
    assert predictions(nlp) == texts
    names = [n.name for n in nlp.get_pipe("ner").model.walk()]
    assert names.count("diffused_tok2vec") == len(suffixes)
    assert "tok2vec-listener" not in names

    block = nlp.config["components"]["ner"]["model"]["tok2vec"]
    for _ in suffixes:
        assert block["@architectures"] == "spacy-stablediff.DiffusedTok2Vec.v1"
        assert block["diffusion"]["@architectures"] == diffusion["@architectures"]
        block = block["tok2vec"]
    assert block == nlp.config["components"]["tok2vec"]["model"]
    nlp.to_disk(tmp_path)
    loaded = spacy.load(tmp_path)
    assert numpy.array_equal(own_vectors(loaded), own_vectors(nlp))
    assert predictions(loaded) == predictions(nlp)


def test_replaced_listeners_no_longer_follow_the_shared_embedding():
    nlp = replaceable_pipeline()
    nlp.replace_listeners("stablediff", "ner", ["model.tok2vec"])
    before = own_vectors(nlp)
    with nlp.select_pipes(disable=["ner"]):
        nlp.update(examples_for(nlp), sgd=Adam(0.01), exclude=["ner"])
    assert numpy.array_equal(own_vectors(nlp), before)


def test_replaced_listeners_train_on():
    nlp = replaceable_pipeline()
    nlp.replace_listeners("stablediff", "ner", ["model.tok2vec"])
    before = parameters(nlp, "ner"), parameters(nlp, "stablediff")
    for _ in range(2):
        nlp.update(examples_for(nlp), sgd=Adam(0.01))
    after = parameters(nlp, "ner"), parameters(nlp, "stablediff")
    assert all(moved(before[1], after[1]))
    assert sum(moved(before[0], after[0])) > len(before[0]) / 2
    assert_trains_on_what_it_will_read(nlp, "textcat")


def test_replaced_listeners_do_without_what_is_switched_off():
    nlp = replaceable_pipeline(("_1", "_2"))
    nlp.disable_pipe("stablediff_1")
    before = own_vectors(nlp)
    nlp.replace_listeners("stablediff_2", "ner", ["model.tok2vec"])
    assert_allclose(own_vectors(nlp), before, atol=1e-5)


def test_listeners_replaced_by_the_embedding_itself_get_it_without_diffusion():
    nlp = replaceable_pipeline()
    with nlp.select_pipes(disable=["stablediff"]):
        plain = own_vectors(nlp)
    nlp.replace_listeners("tok2vec", "ner", ["model.tok2vec"])
    assert_allclose(own_vectors(nlp), plain, atol=1e-5)


def test_replaced_listeners_keep_sentence_boundaries():
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    nlp.add_pipe("tok2vec", config={"model": EMBEDDING})
    nlp.add_pipe("stablediff", config={"boundaries": "sentence"})
    add_ner(nlp)
    train(nlp, annotates=["sentencizer"])
    before = own_vectors(nlp)
    nlp.replace_listeners("stablediff", "ner", ["model.tok2vec"])
    assert_allclose(own_vectors(nlp), before, atol=1e-5)
    assert nlp.config["components"]["ner"]["model"]["tok2vec"]["boundaries"] == "sentence"


def join_sentences(doc):
    for token in doc[1:]:
        token.is_sent_start = False
    return doc


Language.component("test_join_sentences", func=join_sentences)


def test_replaced_listeners_diffuse_by_the_boundaries_that_they_find():
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    nlp.add_pipe("tok2vec", config={"model": EMBEDDING})
    nlp.add_pipe("stablediff", config={"boundaries": "sentence", "model": FIXED_HEAT})
    nlp.add_pipe("test_join_sentences")
    add_textcat(nlp)
    train(nlp, steps=0)
    doc = nlp(TEXT)
    plain = nlp.get_pipe("tok2vec").predict([doc])[0]
    nlp.replace_listeners("stablediff", "textcat", ["model.tok2vec"])
    (own,) = nlp.get_pipe("textcat").model.get_ref("tok2vec").predict([doc])
    assert_allclose(own, dense_heat(plain, [0.4] * WIDTH), atol=1e-4)
    assert numpy.abs(own - doc.tensor).max() > 0.01


def test_listeners_of_a_diffused_embedding_are_replaced():
    nlp = spacy.blank("en")
    nlp.add_pipe("tok2vec", config={"model": diffused_tok2vec(HEAT)})
    add_ner(nlp)
    train(nlp)
    before = own_vectors(nlp)
    nlp.replace_listeners("tok2vec", "ner", ["model.tok2vec"])
    assert_allclose(own_vectors(nlp), before, atol=1e-5)


def test_listeners_are_replaced_in_a_deep_copy_alone():
    nlp = replaceable_pipeline()
    config, vectors = nlp.config.to_str(), own_vectors(nlp)
    other = copy.deepcopy(nlp)
    other.replace_listeners("stablediff", "ner", ["model.tok2vec"])
    assert_allclose(own_vectors(other), vectors, atol=1e-5)
    assert ents(other) == ents(nlp)
    assert nlp.config.to_str() == config
    assert isinstance(find_listener(nlp, "ner"), Tok2VecListener)
    nlp.replace_listeners("stablediff", "ner", ["model.tok2vec"])
    assert_allclose(own_vectors(nlp), vectors, atol=1e-5)


@one_or_two
def test_sourced_components_have_their_listeners_replaced(suffixes, tmp_path):
    nlp = replaceable_pipeline(suffixes)
    nlp.to_disk(tmp_path / "source")
    expected = own_vectors(nlp)
    config = spacy.blank("en").config.copy()
    config["nlp"]["pipeline"] = ["ner"]
    source = str(tmp_path / "source")
    config["components"]["ner"] = {"source": source, "replace_listeners": ["model.tok2vec"]}
    sourced = load_model_from_config(config, auto_fill=True)
    assert_allclose(own_vectors(sourced), expected, atol=1e-5)
    assert ents(sourced) == ents(nlp)
    sourced.to_disk(tmp_path / "sourced")
    assert numpy.array_equal(own_vectors(spacy.load(tmp_path / "sourced")), own_vectors(sourced))


def test_listeners_of_static_vectors_cannot_be_replaced():
    nlp = spacy.blank("en")
    nlp.vocab.set_vector("ok", numpy.ones(WIDTH, dtype="float32"))
    nlp.add_pipe("stablediff", config={"source": "vectors"})
    add_ner(nlp)
    train(nlp)
    with pytest.raises(ValueError, match=r"\[SD022\] Component 'stablediff'"):
        nlp.replace_listeners("stablediff", "ner", ["model.tok2vec"])


def test_listeners_of_an_unknown_upstream_cannot_be_replaced():
    nlp = spacy.blank("en")
    nlp.add_pipe("tok2vec", name="embed", config={"model": EMBEDDING})
    nlp.add_pipe("stablediff")
    add_ner(nlp)
    with pytest.raises(ValueError, match=r"\[SD003\].*'tok2vec'"):
        nlp.replace_listeners("stablediff", "ner", ["model.tok2vec"])
    assert find_listener(nlp, "ner") is not None
    assert nlp.config["components"]["ner"]["model"]["tok2vec"] == listener()


def sourced_by_hand(source):
    """A pipeline that shares its components with another one, as nlp.add_pipe has it."""
    nlp = spacy.blank("en")
    for name in ("tok2vec", "stablediff"):
        nlp.add_pipe(name, source=source)
    add_ner(nlp)
    return nlp


@unread
@pytest.mark.filterwarnings("ignore:.*W113")
def test_listeners_in_a_pipeline_that_the_component_does_not_know_cannot_be_replaced():
    source = replaceable_pipeline()
    nlp, before = sourced_by_hand(source), own_vectors(source)
    with pytest.raises(ValueError, match=r"\[SD021\].*nlp.initialize\(\)"):
        nlp.replace_listeners("stablediff", "ner", ["model.tok2vec"])
    assert numpy.array_equal(own_vectors(source), before)
    train(nlp)
    vectors = own_vectors(nlp)
    nlp.replace_listeners("stablediff", "ner", ["model.tok2vec"])
    assert_allclose(own_vectors(nlp), vectors, atol=1e-5)


@unread
@pytest.mark.filterwarnings("ignore:.*W113")
def test_sourced_by_hand_it_serves_the_pipeline_that_it_was_added_to_last():
    source = replaceable_pipeline()
    nlp = sourced_by_hand(source)
    with nlp.select_pipes(enable=["ner"]):
        nlp.initialize(lambda: examples_for(nlp))
    assert_trains_on_what_it_will_read(nlp, "ner")


# The command line: assemble, pretrain.


def invoke(*args):
    result = CliRunner().invoke(app, [str(arg) for arg in args])
    assert result.exit_code == 0, result.output
    return result.output


def test_spacy_assemble_puts_a_pipeline_together(base, tmp_path):
    config = config_with_new_diffusion(base, tmp_path)
    config.to_disk(tmp_path / "config.cfg")
    invoke("assemble", tmp_path / "config.cfg", tmp_path / "assembled")
    nlp = spacy.load(tmp_path / "assembled")
    assert nlp.pipe_names == ["tok2vec", "stablediff", "textcat", "ner"]
    plain = spacy.load(base)(TEXT).tensor
    assert_allclose(nlp(TEXT).tensor, dense_default(plain), atol=1e-5)


def attached_textcat():
    nlp = spacy.blank("en")
    add_textcat(nlp, EMBEDDING)
    spacy_stablediff.attach(nlp, "textcat")
    return nlp


def monolith():
    nlp = spacy.blank("en")
    nlp.add_pipe("tok2vec", config={"model": diffused_tok2vec(IMPLICIT)})
    add_ner(nlp)
    return nlp


@pytest.mark.parametrize(
    "make, component, layer",
    [
        (lambda: chain_pipeline(["ner"]), "tok2vec", ""),
        (monolith, "tok2vec", ""),
        (monolith, "tok2vec", "tok2vec"),
        (attached_textcat, "textcat", "tok2vec"),
    ],
    ids=["chain", "monolith", "inside of a monolith", "attached"],
)
def test_spacy_pretrain_learns_the_embedding(make, component, layer, tmp_path):
    raw = [json.dumps({"text": "Two weeks, three calls and no refund from Vellorane."})]
    (tmp_path / "raw.jsonl").write_text("\n".join(raw * 4), encoding="utf8")
    config = load_config(DEFAULT_CONFIG_PRETRAIN_PATH).merge(training_config(make(), tmp_path))
    config["paths"]["raw_text"] = str(tmp_path / "raw.jsonl")
    config["pretraining"].update(component=component, layer=layer, max_epochs=2)
    config.to_disk(tmp_path / "pretrain.cfg")
    invoke("pretrain", tmp_path / "pretrain.cfg", tmp_path / "weights")
    weights = tmp_path / "weights" / "model-last.bin"

    def embedding(nlp):
        model = nlp.get_pipe(component).model
        return model.get_ref(layer) if layer else model

    untouched = parameters_of(embedding(init_nlp(config)))
    config["initialize"]["init_tok2vec"] = str(weights)
    nlp = init_nlp(config)
    loaded = parameters_of(embedding(nlp))
    assert sum(moved(untouched, loaded)) > len(loaded) / 2
    assert not any(moved(loaded, parameters_of(embedding(nlp).from_disk(weights))))
    fix_random_seed(0)
    run_training(nlp, stdout=io.StringIO(), stderr=io.StringIO())
    assert sum(moved(loaded, parameters_of(embedding(nlp)))) > len(loaded) / 2


def test_a_component_knows_its_pipeline_only_while_it_is_in_it():
    nlp = chain_pipeline(["ner"])
    component = nlp.get_pipe("stablediff")
    assert component.get_pipeline() is nlp
    nlp.remove_pipe("stablediff")
    assert component.get_pipeline() is None
    assert StableDiff(nlp.vocab, component.model).get_pipeline() is None
