"""Components that embed for themselves, trained, and what to compare of them."""

import functools
from collections import Counter

import numpy
import pytest
import spacy
from spacy import registry
from thinc.api import Adam, Model

from ..pipelines import EMBEDDERS, UNSEEN, annotated_examples, initialize, predictions

each_owner = pytest.mark.parametrize("owner", EMBEDDERS)


def update(nlp, steps=4):
    examples, optimizer = annotated_examples(nlp), Adam(0.01)
    for _ in range(steps):
        nlp.update(examples, sgd=optimizer)


def owner_pipeline(owner):
    """A component with spaCy's default model, initialized and trained for a few steps."""
    nlp = spacy.blank("en")
    nlp.add_pipe(owner)
    return nlp.from_bytes(_train(owner))


@functools.cache
def _train(owner):
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


def embedding_block(nlp, owner):
    return nlp.config["components"][owner]["model"]["tok2vec"]


def assert_same(nlp, other, owner):
    """Bit for bit: the same vectors, and the same annotation."""
    assert numpy.array_equal(vectors(nlp, owner), vectors(other, owner))
    assert predictions(nlp) == predictions(other)


@registry.architectures("test_negation")
def make_negation() -> Model:
    """A diffusion layer of another package."""

    def forward(model, Xs, is_train):
        return [-X for X in Xs], lambda dYs: [-dY for dY in dYs]

    return Model("negation", forward)
