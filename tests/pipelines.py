"""Small pipelines and annotated texts for the tests."""

import functools
import warnings

import numpy
import pytest
import spacy
from spacy.pipeline.tok2vec import Tok2VecListener
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
MULTISCALE = {"@architectures": "spacy-stablediff.MultiscaleDiffusion.v1"}
FIXED_HEAT = {**HEAT, "time": 0.4, "learn_time": False}
NO_DIFFUSION = {**HEAT, "time": 0.0, "learn_time": False}

# Tests of both layers that act before they are trained.
both_layers = pytest.mark.parametrize("diffusion", [HEAT, IMPLICIT], ids=["heat", "implicit"])

# Tests in which nothing reads the diffused vectors, or in which the time is 0, on purpose.
unread = pytest.mark.filterwarnings("ignore:.*SDW0[24]")
at_time_zero = pytest.mark.filterwarnings("ignore:.*SDW01")


TEXTS = [
    ("The Lumo X2 from Brightmoor arrived in Porto.", [(4, 11, "PRODUCT"), (17, 27, "COMPANY")], 1),
    ("never again", [], 0),
    ("Anselmo fixed my bike, thanks!", [(0, 7, "PERSON")], 1),
    ("Broken on day 1. Brightmoor hung up on me :(", [(17, 27, "COMPANY")], 0),
    ("ok", [], 1),
    ("Two weeks, three calls, no refund from Vellorane", [(39, 48, "COMPANY")], 0),
]

# Texts that no pipeline was trained on.
TEXT = "Brightmoor sent two Lumo to Porto. Nobody asked! Why"
UNSEEN = [
    TEXT,
    "",
    "x",
    "ok thanks",
    "sooo goood 😀😀 thx!!",
    "   ",
    "Je n'ai rien reçu, c'est dommage.",
    "这个产品很好",
    "ok thanks " * 30,
]
SENTENCES = " ".join([TEXT + ".", "Yes!", *["One two three."] * 20])

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


def sentence_tok2vec(diffusion=IMPLICIT):
    return {**diffused_tok2vec(diffusion), "boundaries": "sentence"}


def listener(upstream="*"):
    architecture = "spacy.Tok2VecListener.v1"
    return {"@architectures": architecture, "width": WIDTH, "upstream": upstream}


def bag_of_words(**settings):
    """Config of a small bag of words."""
    return {
        "@architectures": "spacy.TextCatBOW.v3",
        "exclusive_classes": True,
        "ngram_size": 1,
        "no_output_layer": False,
        "length": 256,
        **settings,
    }


def knowing_bag(**settings):
    """Config of one that knows its words."""
    return {
        "@architectures": "spacy-stablediff.WordGraphBOW.v1",
        "bow": bag_of_words(**settings),
    }


def ensemble(tok2vec, bag):
    """Config of a text classifier with an embedding and a bag of words."""
    architecture = {"@architectures": "spacy.TextCatEnsemble.v2"}
    return {**architecture, "tok2vec": tok2vec, "linear_model": bag}


def add_textcat(nlp, tok2vec=None, name="textcat"):
    model = ensemble(tok2vec or listener(), bag_of_words())
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


def monolith_pipeline(components, diffusion=IMPLICIT):
    """The same network as that of `chain_pipeline`, with the diffusion in the embedding."""
    nlp = spacy.blank("en")
    nlp.add_pipe("tok2vec", config={"model": diffused_tok2vec(diffusion)})
    for name in components:
        ADD[name](nlp)
    return nlp


def set_vectors(nlp):
    """Give the vocab static vectors of a few words."""
    rows = numpy.random.default_rng(0).normal(size=(5, WIDTH)).astype("float32")
    for word, row in zip(["sent", "to", "Porto", "ok", "x"], rows, strict=True):
        nlp.vocab.set_vector(word, row)


def vectors_pipeline(*components, vectors=set_vectors, **config):
    """Diffused static vectors, and components that listen."""
    nlp = spacy.blank("en")
    vectors(nlp)
    nlp.add_pipe("stablediff", config={"source": "vectors", **config})
    for name in components:
        ADD[name](nlp)
    return nlp


def static_vectors(nlp, text):
    """What spaCy gives as the vectors of a text's tokens, in one array."""
    return numpy.array([token.vector for token in nlp.make_doc(text)])


def examples_for(nlp, texts=TEXTS):
    return [
        Example.from_dict(
            nlp.make_doc(text), {"entities": ents, "cats": {"POS": float(pos), "NEG": 1.0 - pos}}
        )
        for text, ents, pos in texts
    ]


def bare(nlp, texts):
    """Examples without annotation."""
    docs = [nlp.make_doc(text) for text in texts]
    return [Example(doc, doc.copy()) for doc in docs]


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


def train(nlp, steps=6, seed=0, drop=0.0, texts=TEXTS, **kwargs):
    """Initialize and update, every batch of another composition than the last."""
    fix_random_seed(seed)
    examples = examples_for(nlp, texts)
    nlp.initialize(lambda: examples)
    optimizer = Adam(0.001)
    losses = []
    for step in range(steps):
        batch = examples[step % 3 :: 2]
        losses.append(nlp.update(batch, sgd=optimizer, drop=drop, **kwargs))
    return losses


def find_listener(nlp, component):
    """The first layer through which a component listens to a shared embedding."""
    nodes = nlp.get_pipe(component).model.walk()
    return next(node for node in nodes if isinstance(node, Tok2VecListener))


def diffused_nodes(nlp, component):
    """The embeddings in a component's model that are diffused."""
    nodes = nlp.get_pipe(component).model.walk()
    return [node for node in nodes if node.name == "diffused_tok2vec"]


def by_sentence(doc, vectors, diffusion):
    """Diffuse the vectors of each sentence alone."""
    sents = [vectors[sent.start : sent.end] for sent in doc.sents] if len(doc) else []
    return numpy.vstack([vectors[:0], *diffusion.predict(sents)])


def parameters(model):
    """Copies of all parameters of a model and its parts, in one list."""
    found = [(n, name) for n in model.walk() for name in n.param_names if n.has_param(name)]
    return [numpy.array(n.get_param(name)) for n, name in found]


def parameters_of(nlp, component):
    """Copies of all parameters of a component."""
    return parameters(nlp.get_pipe(component).model)


def moved(before, after):
    """Tell of each parameter whether it changed."""
    return [not numpy.array_equal(a, b) for a, b in zip(before, after, strict=True)]


def predictions(nlp, texts=UNSEEN):
    """All that a pipeline says of texts, to compare bit for bit."""
    return [doc.to_bytes() for doc in nlp.pipe(texts)]


def our_warnings(function):
    """The codes and texts of this package's warnings while a function runs."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        function()
    return [str(w.message) for w in caught if "[SDW" in str(w.message)]


@functools.cache
def real_pipeline(name):
    """One of spaCy's trained pipelines, to be left as it is, for tests marked `real`."""
    return spacy.load(name)
