"""Variables in a config that point to where an embedding stood before it was attached."""

import spacy
from spacy.util import load_model_from_config
from thinc.api import Config

import spacy_stablediff

from ..pipelines import diffused_nodes, initialize, predictions

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
