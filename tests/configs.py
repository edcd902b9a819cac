"""Training configs for `stablediff add`, and what to look for in the result."""

import spacy
from spacy.cli.debug_config import debug_config
from spacy.cli.init_config import init_config
from spacy.cli.train import train
from spacy.util import load_config

TRAINABLE = ["tagger", "parser", "ner", "textcat", "textcat_multilabel", "spancat"]
CLASSIFIERS = ["textcat", "textcat_multilabel"]
WORD_GRAPH = "spacy-stablediff.WordGraphTok2Vec.v1"
WORD_GRAPH_BOW = "spacy-stablediff.WordGraphBOW.v1"
DIFFUSED = "spacy-stablediff.DiffusedTok2Vec.v1"
NO_STATIC_VECTORS = {
    "paths.vectors": None,
    "components.tok2vec.model.tok2vec.embed.include_static_vectors": False,
}

NER = """\
[components.ner]
factory = "ner"

[components.ner.model]
@architectures = "spacy.TransitionBasedParser.v2"
state_type = "ner"
extra_state_tokens = false
hidden_width = 16
maxout_pieces = 2
use_upper = true
"""

# As the quickstart widget of spaCy's website writes it, shortened, with comments added.
PARTIAL = (
    """\
# This is an auto-generated partial config.
[paths]
train = null
dev = null

[nlp]
lang = "en"
# ner and textcat are
# what we need.
pipeline = ["ner","textcat"]
batch_size = 1000

# All the components.
[components]

"""
    + NER
    + """\
nO = null

# Its own embedding:
[components.ner.model.tok2vec]
@architectures = "spacy.Tok2Vec.v2"

[components.ner.model.tok2vec.embed]
@architectures = "spacy.MultiHashEmbed.v2"
width = ${components.ner.model.tok2vec.encode.width}
attrs = ["NORM","PREFIX"]
rows = [100,100]
include_static_vectors = false

[components.ner.model.tok2vec.encode]
@architectures = "spacy.MaxoutWindowEncoder.v2"
; wide enough
width = 16
depth = 1
window_size = 1
maxout_pieces = 2

# Then the classifier.
[components.textcat]
factory = "textcat"
"""
)

# A listener, and an embedding that is left to its factory's default.
SHARED = (
    """\
[nlp]
lang = "en"
pipeline = ["tok2vec","ner"]

[components]

[components.tok2vec]
factory = "tok2vec"

"""
    + NER
    + """\

[components.ner.model.tok2vec]
@architectures = "spacy.Tok2VecListener.v1"
width = 96
"""
)


def write_config(pipeline, **options):
    return init_config(pipeline=list(pipeline), **options).to_str(interpolate=False)


def read(path):
    return load_config(path).interpolate()


def check_config(path, corpus):
    paths = {"paths.train": str(corpus), "paths.dev": str(corpus)}
    debug_config(path, overrides=paths)


def train_steps(path, corpus, tmp_path, **overrides):
    """Train two steps with spaCy's own command, and load what it saved."""
    settings = {"paths.train": str(corpus), "paths.dev": str(corpus), **overrides}
    settings |= {"training.max_steps": 2, "training.eval_frequency": 1}
    train(path, tmp_path / "model", overrides=settings)
    return spacy.load(tmp_path / "model" / "model-last")


def diffusions(nlp):
    """What is diffused: the components 'stablediff', and those with a wrapped tok2vec."""
    models = {name: getattr(component, "model", None) for name, component in nlp.components}
    return {name for name, model in models.items() if model and find_layers(model)}


def find_layers(model):
    return [node for node in model.walk() if node.name.endswith("_diffusion")]


def has_learned(nlp, name):
    """Whether training has moved the confidences, which start out the same everywhere."""
    return all(layer.get_param("u").any() for layer in find_layers(nlp.get_pipe(name).model))


def write_owners(names, **options):
    """A full config without a shared tok2vec: components with their default models."""
    nlp = spacy.blank("en")
    for name in names:
        nlp.add_pipe(name)
    config = init_config(pipeline=["ner"], **options)
    config["nlp"]["pipeline"] = list(names)
    config["components"] = nlp.config["components"]
    return config.to_str(interpolate=False)


def write_beside(names, own, **options):
    """A full config in which components share a tok2vec, and behind them one has its own."""
    config = init_config(pipeline=names, **options)
    config["nlp"]["pipeline"].append(own)
    config["components"][own] = {"factory": own}
    return config.to_str(interpolate=False)


def write_sourced(source, **settings):
    config = init_config(pipeline=["tagger", "ner"])
    for name in config["nlp"]["pipeline"]:
        config["components"][name] = {"source": str(source), **settings.get(name, {})}
    return config.to_str(interpolate=False)
