"""Small pipelines and annotated texts for the tests."""

import functools

import pytest
import spacy
from spacy.tokens import Doc
from spacy.training import Example
from thinc.api import Adam, fix_random_seed

WIDTH = 16
EMBEDDING = {
    "@architectures": "spacy.HashEmbedCNN.v2",
    "pretrained_vectors": None,
    "width": WIDTH,
    "depth": 2,
    "embed_size": 200,
    "window_size": 1,
    "maxout_pieces": 2,
    "subword_features": True,
}
HEAT = {"@architectures": "spacy-stablediff.HeatDiffusion.v1"}
IMPLICIT = {"@architectures": "spacy-stablediff.ImplicitDiffusion.v1"}

TEXTS = [
    ("The Lumo X2 from Brightmoor arrived in Porto.", [(4, 11, "PRODUCT"), (17, 27, "COMPANY")], 1),
    ("never again", [], 0),
    ("Anselmo fixed my bike, thanks!", [(0, 7, "PERSON")], 1),
    ("Broken on day 1. Brightmoor hung up on me :(", [(17, 27, "COMPANY")], 0),
    ("ok", [], 1),
    ("Two weeks, three calls, no refund from Vellorane", [(39, 48, "COMPANY")], 0),
]


# Words, tags, coarse tags, heads, starts of sentences, entities, categories.
ANNOTATED = [
    (
        ["Anselmo", "lost", "a", "parcel", ".", "Brightmoor", "paid", "him", "."],
        ["NNP", "VBD", "DT", "NN", ".", "NNP", "VBD", "PRP", "."],
        ["PROPN", "VERB", "DET", "NOUN", "PUNCT", "PROPN", "VERB", "PRON", "PUNCT"],
        [1, 1, 3, 1, 1, 6, 6, 6, 6],
        [0, 5],
        [(0, 7, "PERSON"), (24, 34, "COMPANY")],
        {"POS": 1.0, "NEG": 0.0},
    ),
    (
        ["Vellorane", "never", "answers", ".", "thanks", "anyway", "!"],
        ["NNP", "RB", "VBZ", ".", "NN", "RB", "."],
        ["PROPN", "ADV", "VERB", "PUNCT", "NOUN", "ADV", "PUNCT"],
        [2, 2, 2, 2, 4, 4, 4],
        [0, 4],
        [(0, 9, "COMPANY")],
        {"POS": 0.0, "NEG": 1.0},
    ),
    (["ok"], ["UH"], ["INTJ"], [0], [0], [], {"POS": 1.0, "NEG": 0.0}),
]


def diffused_tok2vec(diffusion, tok2vec=EMBEDDING):
    architecture = "spacy-stablediff.DiffusedTok2Vec.v1"
    return {"@architectures": architecture, "tok2vec": tok2vec, "diffusion": diffusion}


def listener(upstream="*"):
    architecture = "spacy.Tok2VecListener.v1"
    return {"@architectures": architecture, "width": WIDTH, "upstream": upstream}


def add_textcat(nlp, tok2vec=None, name="textcat"):
    model = {
        "@architectures": "spacy.TextCatEnsemble.v2",
        "tok2vec": tok2vec or listener(),
        "linear_model": {
            "@architectures": "spacy.TextCatBOW.v3",
            "exclusive_classes": True,
            "ngram_size": 1,
            "no_output_layer": False,
            "length": 256,
        },
    }
    return nlp.add_pipe("textcat", name=name, config={"model": model})


def add_ner(nlp, tok2vec=None, name="ner"):
    model = {
        "@architectures": "spacy.TransitionBasedParser.v2",
        "state_type": "ner",
        "extra_state_tokens": False,
        "hidden_width": 16,
        "maxout_pieces": 2,
        "use_upper": True,
        "tok2vec": tok2vec or listener(),
    }
    return nlp.add_pipe("ner", name=name, config={"model": model})


ADD = {"textcat": add_textcat, "ner": add_ner}

# Components that embed, for themselves unless their config makes them listen.
EMBEDDERS = [
    "ner",
    "textcat",
    "textcat_multilabel",
    "spancat",
    "tagger",
    "morphologizer",
    "parser",
    "senter",
]


def chain_pipeline(components, diffusion=IMPLICIT):
    """tok2vec, stablediff, and components that listen."""
    nlp = spacy.blank("en")
    nlp.add_pipe("tok2vec", config={"model": EMBEDDING})
    nlp.add_pipe("stablediff", config={"model": diffusion})
    for name in components:
        ADD[name](nlp)
    return nlp


def examples_for(nlp, texts=TEXTS):
    return [
        Example.from_dict(
            nlp.make_doc(text), {"entities": ents, "cats": {"POS": float(pos), "NEG": 1.0 - pos}}
        )
        for text, ents, pos in texts
    ]


def annotated_examples(nlp):
    """Examples with annotation for every component of spaCy."""
    examples = []
    for words, tags, pos, heads, starts, entities, cats in ANNOTATED:
        annotation = {
            "words": words,
            "tags": tags,
            "pos": pos,
            "heads": heads,
            "deps": ["ROOT" if i == head else "dep" for i, head in enumerate(heads)],
            "sent_starts": [1 if i in starts else -1 for i in range(len(words))],
            "entities": entities,
            "spans": {"sc": entities},
            "cats": cats,
        }
        examples.append(Example.from_dict(Doc(nlp.vocab, words=words), annotation))
    return examples


def initialize(nlp, seed=0):
    """Initialize any components; spaCy's parser needs an action 30 times to know it."""
    fix_random_seed(seed)
    nlp.initialize(lambda: annotated_examples(nlp) * 10)
    return nlp


def train(nlp, steps=6, seed=0, drop=0.0, **kwargs):
    """Initialize and update, every batch of another composition than the last."""
    fix_random_seed(seed)
    examples = examples_for(nlp)
    nlp.initialize(lambda: examples)
    optimizer = Adam(0.001)
    losses = []
    for step in range(steps):
        batch = examples[step % 3 :: 2]
        losses.append(nlp.update(batch, sgd=optimizer, drop=drop, **kwargs))
    return losses


@functools.cache
def real_pipeline(name):
    """One of spaCy's trained pipelines, to be left as it is; skips where it is missing."""
    pytest.importorskip(name)
    return spacy.load(name)
