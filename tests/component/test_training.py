"""Training as spaCy's users do it: frozen, resumed, rehearsed, switched off and on."""

import numpy
import pytest
import spacy
from numpy.testing import assert_allclose
from spacy.training.initialize import init_nlp
from thinc.api import Adam

import spacy_stablediff
from spacy_stablediff.component.stablediff import StableDiff

from ..pipelines import (
    FIXED_HEAT,
    IMPLICIT,
    MULTISCALE,
    TEXT,
    add_ner,
    add_textcat,
    annotated_examples,
    chain_pipeline,
    diffused_nodes,
    examples_for,
    initialize,
    listener,
    monolith_pipeline,
    moved,
    our_warnings,
    parameters,
    parameters_of,
    predictions,
    train,
)
from ..runs import (
    assert_trains_on_what_it_will_read,
    config_with_new_diffusion,
    run,
)

# A pipeline that exists already gets diffusion, and is trained further.


@pytest.mark.filterwarnings("error:.*SDW")
def test_new_diffusion_between_sourced_components_is_trained_with_them(base, tmp_path):
    config = config_with_new_diffusion(base, tmp_path)
    fresh = init_nlp(config)
    nlp = run(config)
    for name in ("tok2vec", "stablediff", "textcat", "ner"):
        assert any(moved(parameters_of(fresh, name), parameters_of(nlp, name))), name
    assert all(moved(parameters_of(fresh, "stablediff"), parameters_of(nlp, "stablediff")))
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
    assert not any(moved(parameters_of(fresh, "tok2vec"), parameters_of(nlp, "tok2vec")))
    assert all(moved(parameters_of(fresh, "stablediff"), parameters_of(nlp, "stablediff")))
    assert any(moved(parameters_of(fresh, "ner"), parameters_of(nlp, "ner")))
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
    assert not parameters_of(nlp, "stablediff")
    assert_trains_on_what_it_will_read(nlp, "ner")


@pytest.mark.parametrize("frozen, trained", [("textcat", "ner"), ("ner", "textcat")])
def test_frozen_component_after_the_diffusion_stays_as_it_is(base, tmp_path, frozen, trained):
    config = config_with_new_diffusion(base, tmp_path, frozen_components=[frozen])
    fresh = init_nlp(config)
    nlp = run(config)
    assert not any(moved(parameters_of(fresh, frozen), parameters_of(nlp, frozen)))
    assert any(moved(parameters_of(fresh, trained), parameters_of(nlp, trained)))
    assert all(moved(parameters_of(fresh, "stablediff"), parameters_of(nlp, "stablediff")))
    # The embedding learns through its last listener: as in spaCy without diffusion.
    learns = any(moved(parameters_of(fresh, "tok2vec"), parameters_of(nlp, "tok2vec")))
    assert learns == (trained == "ner")


def test_accumulated_gradients_are_those_of_the_embedding_that_diffuses():
    monolith, chain = monolith_pipeline(["textcat", "ner"]), chain_pipeline(["textcat", "ner"])
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
        single = parameters(diffused.get_ref(part))
        for a, b in zip(parameters_of(chain, name), single, strict=True):
            assert_allclose(a, b, atol=1e-5)


def test_training_is_resumed():
    nlp = chain_pipeline(["textcat", "ner"])
    train(nlp)
    loaded = spacy.blank("en").from_config(nlp.config).from_bytes(nlp.to_bytes())
    optimizer = loaded.resume_training(sgd=Adam(0.01))
    before = parameters_of(loaded, "stablediff")
    losses = [loaded.update(examples_for(loaded), sgd=optimizer)["ner"] for _ in range(8)]
    assert losses[-1] < losses[0] / 2
    assert all(moved(before, parameters_of(loaded, "stablediff")))
    assert_trains_on_what_it_will_read(loaded, "ner")


REHEARSED = ["ner", "textcat", "tagger", "parser"]


@pytest.mark.parametrize("name", REHEARSED)
def test_attached_components_are_rehearsed(name):
    """Rehearsal brings the predictions back to what they were before other data came."""
    nlp = spacy.blank("en")
    nlp.add_pipe(name)
    spacy_stablediff.attach(nlp, name, diffusion=IMPLICIT)
    initialize(nlp)
    optimizer = nlp.resume_training(sgd=Adam(0.001))
    diffusion = diffused_nodes(nlp, name)[0].get_ref("diffusion")
    for _ in range(5):
        nlp.update(annotated_examples(nlp), sgd=optimizer)
    before = {param: diffusion.get_param(param).copy() for param in diffusion.param_names}
    losses = [nlp.rehearse(annotated_examples(nlp), sgd=optimizer)[name] for _ in range(15)]
    assert 0 <= losses[-1] < losses[0]
    for param, value in before.items():
        assert not numpy.array_equal(diffusion.get_param(param), value)


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
    before = parameters_of(nlp, "stablediff")
    with nlp.select_pipes(disable=["stablediff"]):
        nlp.update(examples_for(nlp), sgd=Adam(0.01))
        assert_trains_on_what_it_will_read(nlp, "ner")
    assert not any(moved(before, parameters_of(nlp, "stablediff")))
    with pytest.warns(UserWarning, match="SDW03"):
        nlp(TEXT)


def test_only_what_follows_can_be_trained():
    nlp = chain_pipeline(["textcat", "ner"])
    train(nlp)
    before = parameters_of(nlp, "stablediff")
    with nlp.select_pipes(disable=["textcat"]):
        for _ in range(2):
            nlp.update(examples_for(nlp), sgd=Adam(0.01))
    assert all(moved(before, parameters_of(nlp, "stablediff")))


def test_components_updated_one_by_one_learn_from_what_is_switched_on():
    nlp = chain_pipeline(["textcat", "ner"])
    train(nlp)
    before, optimizer = parameters_of(nlp, "stablediff"), Adam(0.01)
    with nlp.select_pipes(disable=["ner"]):
        for _ in range(2):
            for _, component in nlp.pipeline:
                component.update(examples_for(nlp), sgd=optimizer)
    assert all(moved(before, parameters_of(nlp, "stablediff")))


def test_a_component_knows_its_pipeline_only_while_it_is_in_it():
    nlp = chain_pipeline(["ner"])
    component = nlp.get_pipe("stablediff")
    assert component.get_pipeline() is nlp
    nlp.remove_pipe("stablediff")
    assert component.get_pipeline() is None
    assert StableDiff(nlp.vocab, component.model).get_pipeline() is None


@pytest.mark.filterwarnings("ignore:.*W113")
def test_shared_with_another_pipeline_it_serves_the_listeners_of_the_one_that_trains():
    source = chain_pipeline(["ner"])
    train(source)
    nlp = spacy.blank("en")
    for name in ("tok2vec", "stablediff", "ner"):
        nlp.add_pipe(name, source=source)
    add_textcat(nlp)
    with nlp.select_pipes(enable=["textcat"]):
        nlp.initialize(lambda: examples_for(nlp))
    assert nlp.get_pipe("stablediff").get_pipeline() is None
    assert_trains_on_what_it_will_read(nlp, "textcat")
    with pytest.raises(ValueError, match=r"\[SD021\]"):
        nlp.replace_listeners("stablediff", "textcat", ["model.tok2vec"])


def test_a_listener_may_name_the_diffusion_as_its_upstream():
    def build(upstream):
        nlp = chain_pipeline([])
        add_ner(nlp, listener(upstream))
        add_textcat(nlp, listener("tok2vec"))
        return nlp

    named, any_one = build("stablediff"), build("*")
    for nlp in (named, any_one):
        train(nlp)
    for name in ("tok2vec", "stablediff", "ner", "textcat"):
        for a, b in zip(parameters_of(named, name), parameters_of(any_one, name), strict=True):
            assert_allclose(a, b, atol=1e-5)


# Settings that decide what is learned, changed after training.


def learned(layer):
    return {name: layer.get_param(name) for name in layer.param_names if layer.has_param(name)}


@pytest.mark.parametrize(
    "diffusion, change",
    [
        (MULTISCALE, "learn_confidence"),
        (IMPLICIT, "learn_confidence"),
        (IMPLICIT, "learn_time"),
    ],
)
def test_what_was_learned_stays_where_more_is_to_be_learned(diffusion, change, tmp_path):
    nlp = chain_pipeline(["ner"], {**diffusion, change: False})
    train(nlp)
    nlp.to_disk(tmp_path)
    changed = {"components": {"stablediff": {"model": {change: True}}}}
    loaded = spacy.load(tmp_path, config=changed)
    layer = loaded.get_pipe("stablediff").model
    before = learned(layer)
    loaded.update(examples_for(loaded), sgd=False)
    after = learned(layer)
    assert len(after) > len(before) and set(after) == set(layer.param_names)
    for name, value in before.items():
        assert numpy.array_equal(after[name], value)


def test_an_attached_layer_learns_what_it_is_set_to_learn_later(tmp_path):
    nlp = monolith_pipeline(["ner"], {**MULTISCALE, "learn_confidence": False})
    train(nlp)
    nlp.to_disk(tmp_path)
    block = {"tok2vec": {"model": {"diffusion": {"learn_confidence": True}}}}
    loaded = spacy.load(tmp_path, config={"components": block})
    loaded.update(examples_for(loaded), sgd=Adam(0.001))
    (layer,) = diffused_nodes(loaded, "tok2vec")
    assert set(learned(layer.get_ref("diffusion"))) == {"W", "u", "b"}


def test_warns_of_annotation_by_vectors_that_are_not_diffused_in_training():
    nlp = chain_pipeline(["ner"])
    nlp.config["training"]["annotating_components"] = ["tok2vec", "ner"]
    with pytest.warns(UserWarning, match=r"\[SDW16\] Component 'stablediff'.*'ner'"):
        nlp.initialize(lambda: examples_for(nlp))
    nlp = chain_pipeline(["ner"])
    nlp.config["training"]["annotating_components"] = ["tok2vec", "stablediff", "ner"]
    assert not our_warnings(lambda: nlp.initialize(lambda: examples_for(nlp)))


def test_where_its_pipeline_is_not_known_it_warns_and_has_no_scores():
    component = StableDiff(spacy.blank("en").vocab, chain_pipeline([]).get_pipe("stablediff").model)
    assert component.score([]) == {}
    component.scorer = lambda examples, **kwargs: {"stability": 1.0}
    with pytest.warns(UserWarning, match=r"\[SDW15\] Component 'stablediff'"):
        assert component.score([]) == {}
