"""Tiny transformers with random weights, of both packages, and one that needs neither."""

import functools
import string
from typing import NamedTuple

import numpy
import pytest
import spacy
from spacy.language import Language
from spacy.pipeline import TrainablePipe
from spacy.util import fix_random_seed
from thinc.api import Adam, Model, chain, set_dropout_rate

from .pipelines import EMBEDDING, WIDTH, add_ner, diffused_tok2vec, examples_for

CURATED = "spacy-curated-transformers"
LETTERS = [*string.ascii_letters, *string.digits, *string.punctuation]
PIECES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *LETTERS, *(f"##{x}" for x in LETTERS)]

# With numpy 2.4, spacy-curated-transformers 0.3.1 fails in training on its own.
curated_trains = pytest.mark.skipif(
    numpy.lib.NumpyVersion(numpy.__version__) >= "2.4.0", reason="needs numpy before 2.4"
)
real_kinds = [
    pytest.param("transformer", marks=pytest.mark.real("spacy_transformers", "transformers")),
    pytest.param(
        "curated_transformer",
        marks=[pytest.mark.real("spacy_curated_transformers"), curated_trains],
    ),
]
every_kind = pytest.mark.parametrize("kind", ["fake_transformer", *real_kinds])


def transformer_config(kind, folder, **settings):
    """The config of a transformer component; a folder for what it is initialized from."""
    (folder / "vocab.txt").write_text("\n".join(PIECES), encoding="utf8")
    if kind == "fake_transformer":
        return {"model": {"@architectures": "test_fake_transformer.v1", "tok2vec": EMBEDDING}}
    if kind == "transformer":
        save_bert(folder)
        model = {"@architectures": "spacy-transformers.TransformerModel.v3", "name": str(folder)}
        spans = {"@span_getters": "spacy-transformers.strided_spans.v1", "window": 40, "stride": 30}
        return {"model": {**model, "get_spans": spans}}
    model = {
        "@architectures": f"{CURATED}.BertTransformer.v1",
        "vocab_size": len(PIECES),
        "hidden_width": WIDTH,
        "intermediate_width": 32,
        "num_attention_heads": 2,
        "num_hidden_layers": 1,
        "hidden_dropout_prob": 0.0,
        "attention_probs_dropout_prob": 0.0,
        "piece_encoder": {"@architectures": f"{CURATED}.WordpieceEncoder.v1"},
        "with_spans": {"@architectures": f"{CURATED}.WithStridedSpans.v1"},
    }
    return {"model": model, **settings}


def save_bert(folder, layers=1):
    """Save a BERT with random weights, and its tokenizer."""
    import transformers

    (folder / "vocab.txt").write_text("\n".join(PIECES), encoding="utf8")
    tokenizer = transformers.BertTokenizerFast(str(folder / "vocab.txt"), do_lower_case=False)
    tokenizer.save_pretrained(folder)
    config = transformers.BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=WIDTH,
        num_hidden_layers=layers,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=512,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )
    transformers.BertModel(config).save_pretrained(folder)


def transformer_listener(kind, diffusion=None, upstream="*"):
    """The tok2vec of a component that listens to a transformer."""
    pooling = {"@layers": "reduce_mean.v1"}
    block = {
        "fake_transformer": {"@architectures": "test_fake_listener.v1"},
        "transformer": {
            "@architectures": "spacy-transformers.TransformerListener.v1",
            "pooling": pooling,
        },
        "curated_transformer": {
            "@architectures": f"{CURATED}.LastTransformerLayerListener.v1",
            "width": WIDTH,
            "pooling": pooling,
        },
    }[kind]
    block = {**block, "upstream": upstream}
    return block if diffusion is None else diffused_tok2vec(diffusion, block)


def add_transformer(nlp, kind, folder, **settings):
    """Add the component `transformer`."""
    nlp.add_pipe(kind, name="transformer", config=transformer_config(kind, folder, **settings))
    if kind == "curated_transformer":
        vocab = str(folder / "vocab.txt")
        loader = {"@model_loaders": f"{CURATED}.WordpieceLoader.v1", "path": vocab}
        nlp.config["initialize"]["components"]["transformer"] = {"piecer_loader": loader}


REDUCE = {
    "@architectures": "spacy.TextCatReduce.v1",
    "exclusive_classes": True,
    "use_reduce_first": False,
    "use_reduce_last": False,
    "use_reduce_max": False,
    "use_reduce_mean": True,
}


def add_listening(nlp, kind, name, diffusion=None):
    """Add a component that listens to the transformer."""
    tok2vec = transformer_listener(kind, diffusion)
    if name == "ner":
        return add_ner(nlp, tok2vec)
    model = {"tok2vec": tok2vec}
    if name == "textcat":
        model = {**REDUCE, "tok2vec": tok2vec}
    return nlp.add_pipe(name, config={"model": model})


def listening_pipeline(kind, folder, *components, diffusion=None, stabilizer=None, **transformer):
    """A transformer, a stabilizer if its settings are given, and components that listen."""
    fix_random_seed(0)
    nlp = spacy.blank("en")
    add_transformer(nlp, kind, folder, **transformer)
    if stabilizer is not None:
        nlp.add_pipe("stabilizer", config=stabilizer)
    for name in components:
        add_listening(nlp, kind, name, diffusion)
    return nlp


def examples_with_spans(nlp):
    """The texts of all tests, with spans too."""
    examples = examples_for(nlp)
    for eg in examples:
        eg.reference.spans["sc"] = list(eg.reference.ents)
    return examples


def initialize(nlp):
    fix_random_seed(0)
    examples = examples_with_spans(nlp)
    nlp.initialize(lambda: examples)
    return nlp


def train(nlp, steps, rate=0.01, **lists):
    """Train as `spacy train` does: all take their steps when all have their gradients."""
    optimizer, losses = Adam(rate), []
    examples = examples_with_spans(nlp)
    for step in range(steps):
        losses.append(nlp.update(examples[step % 3 :: 2], sgd=False, **lists))
        for name, component in nlp.pipeline:
            if component.model is not None and name not in lists.get("exclude", []):
                component.finish_update(optimizer)
    return losses


# A transformer that needs no package: with the listeners that spacy-transformers has.


class FakeData(NamedTuple):
    """What a transformer makes of one document."""

    tensors: tuple


class FakeListener(Model):
    """A listener as that of spacy-transformers."""

    def __init__(self, upstream):
        super().__init__("transformer-listener", listen)
        self.upstream_name = upstream
        self.receive(None, None, None)

    def receive(self, batch_id, outputs, backprop):
        self._batch_id, self._outputs, self._backprop = batch_id, outputs, backprop

    def backprop_and_clear(self, gradient):
        backprop, _ = self._backprop, self.receive(None, None, None)
        return backprop(gradient)


def listen(model, docs, is_train):
    if not is_train or model._batch_id is None:
        nothing = [FakeData((model.ops.alloc2f(len(doc), WIDTH),)) for doc in docs]
        given = [doc._.fake_data or zeros for doc, zeros in zip(docs, nothing, strict=True)]
        return given, lambda gradient: []
    assert model._batch_id == get_batch_id(docs)
    return model._outputs, model.backprop_and_clear


def pool(model, data, is_train):
    def backprop(gradient):
        return [FakeData((g.copy(),)) for g in gradient]

    return [each.tensors[0] for each in data], backprop


def get_batch_id(docs):
    return sum(token.orth for doc in docs for token in doc)


@spacy.registry.architectures("test_fake_listener.v1")
def make_fake_listener(upstream: str = "*"):
    return chain(FakeListener(upstream), Model("pool", pool, dims={"nO": WIDTH}))


@spacy.registry.architectures("test_fake_transformer.v1")
def make_fake_model(tok2vec: Model):
    def forward(model, docs, is_train):
        return model.layers[0](docs, is_train)

    def init(model, X=None, Y=None):
        model.layers[0].initialize(X=X)

    return Model("transformer", forward, init=init, layers=[tok2vec])


@Language.factory("fake_transformer")
def make_fake_transformer(nlp, name, model: Model):
    return FakeTransformer(nlp.vocab, model, name)


class FakeTransformer(TrainablePipe):
    """Hands on in training what it makes of a batch, as spacy-transformers does."""

    def __init__(self, vocab, model, name):
        self.vocab, self.model, self.name = vocab, model, name
        self.cfg, self.listener_map = {}, {}
        spacy.tokens.Doc.set_extension("fake_data", default=None, force=True)

    @property
    def listeners(self):
        return [node for nodes in self.listener_map.values() for node in nodes]

    @property
    def listening_components(self):
        return list(self.listener_map)

    def add_listener(self, listener, component_name):
        self.listener_map.setdefault(component_name, []).append(listener)

    def remove_listener(self, listener, component_name):
        self.listener_map[component_name].remove(listener)

    def find_listeners(self, component):
        model = getattr(component, "model", None)
        for node in model.walk() if isinstance(model, Model) else []:
            if isinstance(node, FakeListener) and node.upstream_name in ("*", self.name):
                self.add_listener(node, component.name)

    def initialize(self, get_examples, *, nlp=None):
        self.model.initialize(X=[eg.x for eg in get_examples()])

    def predict(self, docs):
        return [FakeData((X,)) for X in self.model.predict(docs)]

    def set_annotations(self, docs, predictions):
        for doc, data in zip(docs, predictions, strict=True):
            doc._.fake_data = data

    def update(self, examples, *, drop=0.0, sgd=None, losses=None):
        docs = [eg.predicted for eg in examples]
        set_dropout_rate(self.model, drop)
        vectors, backprop = self.model.begin_update(docs)
        gradient = [0 * X for X in vectors]
        losses.setdefault(self.name, 0.0)

        def accumulate(data):
            for total, part in zip(gradient, data, strict=True):
                total += part.tensors[0]

        def finish(data):
            accumulate(data)
            return backprop(gradient)

        for i, listener in enumerate(self.listeners, start=1):
            callback = finish if i == len(self.listeners) else accumulate
            listener.receive(get_batch_id(docs), [FakeData((X,)) for X in vectors], callback)
        return losses


# Parameters, of thinc and of torch alike.


class Parameter(NamedTuple):
    """A parameter of a model: what reads it, what writes it, what reads its gradient."""

    read: object
    write: object
    gradient: object


def all_parameters(model):
    """All parameters of a model, those of torch among them."""
    found = []
    for node in model.walk():
        for name in node.param_names:
            if node.has_param(name):
                found.append(Parameter(*_of_thinc(node, name)))
        for shim in node.shims:
            found.extend(Parameter(*_of_torch(p)) for p in shim._model.parameters())
    return found


def _of_thinc(node, name):
    def gradient():
        return node.get_grad(name) if node.has_grad(name) else 0 * node.get_param(name)

    return lambda: node.get_param(name).copy(), functools.partial(node.set_param, name), gradient


def _of_torch(parameter):
    import torch

    def gradient():
        return (0 * parameter if parameter.grad is None else parameter.grad).detach().numpy()

    return (
        lambda: parameter.detach().numpy().copy(),
        lambda value: parameter.data.copy_(torch.from_numpy(value)),
        gradient,
    )


def forget_gradients(model):
    """Set all gradients of a model to 0."""
    for node in model.walk():
        for name in node.param_names:
            if node.has_grad(name):
                node.set_grad(name, 0 * node.get_grad(name))
        for shim in node.shims:
            shim._model.zero_grad()


def read(nlp, name):
    """Copies of all parameters of a component."""
    return [parameter.read() for parameter in all_parameters(nlp.get_pipe(name).model)]


def gradients(nlp, name):
    """Copies of all gradients of a component."""
    return [numpy.array(p.gradient()) for p in all_parameters(nlp.get_pipe(name).model)]
