"""The same numbers on a GPU. Run with -m gpu where cupy and a GPU are at hand."""

import numpy
import pytest
import spacy
from numpy.testing import assert_allclose
from spacy.training import Example
from thinc.api import NumpyOps, get_ops, to_numpy, use_ops
from thinc.compat import has_cupy_gpu

from spacy_stablediff.training.vectors import vectors_loss
from spacy_stablediff.words.ids import is_in

from ..layers.examples import every_layer, random_documents, trained
from ..pipelines import EMBEDDING, add_textcat, chain_pipeline, train

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not has_cupy_gpu, reason="needs cupy and a GPU"),
]


@every_layer
@pytest.mark.parametrize("lengths", [[4, 0, 1, 9], [3, 700, 40]])
def test_layers_agree_with_numpy(make, lengths):
    layer = trained(make())
    for name in layer.param_names:
        layer.set_param(name, layer.get_param(name).astype("float32"))
    Xs = random_documents(lengths, dtype="float32")
    Ys, backprop = layer.begin_update(Xs)
    dXs = backprop(Xs)
    with use_ops("cupy"):
        other = trained(make())
        for name in layer.param_names:
            other.set_param(name, get_ops("cupy").asarray_f(layer.get_param(name)))
        gpu_Xs = [get_ops("cupy").asarray2f(X) for X in Xs]
        gpu_Ys, gpu_backprop = other.begin_update(gpu_Xs)
        gpu_dXs = gpu_backprop(gpu_Xs)
    for a, b in zip([*Ys, *dXs], [*gpu_Ys, *gpu_dXs], strict=True):
        assert_allclose(a, to_numpy(b), atol=1e-4)
    for name in layer.param_names:
        assert_allclose(layer.get_grad(name), to_numpy(other.get_grad(name)), rtol=1e-3, atol=1e-3)


def test_vectors_loss_agrees_with_numpy():
    rng = numpy.random.default_rng(0)
    clean, edited = rng.normal(size=(2, 50, 8)).astype("float32")
    lengths, rows = numpy.asarray([20, 30]), numpy.arange(50)
    aligned = lengths, rows, rows[::-1].copy()
    loss, *gradients = vectors_loss(NumpyOps(), clean, edited, *aligned, 30.0)
    ops = get_ops("cupy")
    gpu_loss, *gpu_gradients = vectors_loss(
        ops, ops.asarray(clean), ops.asarray(edited), *aligned, 30.0
    )
    assert gpu_loss == pytest.approx(loss, rel=1e-4)
    for a, b in zip(gradients, gpu_gradients, strict=True):
        assert_allclose(a, to_numpy(b), atol=1e-4)


@every_layer
@pytest.mark.parametrize("lengths", [[12], [7, 5]])
def test_mixtures_agree_with_numpy(make, lengths):
    layer, lengths = trained(make()), numpy.asarray(lengths, dtype="int32")
    (X,) = random_documents([12], dtype="float32")
    with use_ops("cupy"):
        ops, other = get_ops("cupy"), trained(make())
        for name in layer.param_names:
            other.set_param(name, ops.asarray_f(layer.get_param(name)))
        gpu_mixtures = other.attrs["mix"](other, ops.asarray2f(X), lengths, None)
    mixtures = layer.attrs["mix"](layer, X, lengths, None)
    for a, b in zip(mixtures, gpu_mixtures, strict=True):
        assert isinstance(b.weights, numpy.ndarray)
        assert_allclose(a.weights, b.weights, atol=1e-4)


@pytest.mark.parametrize("stabilizer", [False, True])
def test_pipeline_trains_and_predicts(stabilizer, tmp_path):
    with use_ops("cupy"):
        nlp = chain_pipeline(["textcat", "ner"])
        if stabilizer:
            nlp.add_pipe("stabilizer", after="stablediff")
        losses = train(nlp)
        assert not stabilizer or losses[-1]["stabilizer"] > 0
        nlp.to_disk(tmp_path)
        expected = to_numpy(nlp("Lumo X2 from Porto").tensor)
    assert_allclose(spacy.load(tmp_path)("Lumo X2 from Porto").tensor, expected, atol=1e-4)


def test_known_words_agree_with_numpy():
    known = numpy.asarray([3, 7, 2**63], dtype="uint64")
    norms = numpy.asarray([7, 2**63, 8, 0], dtype="uint64")
    xp = get_ops("cupy").xp
    found = is_in(xp, xp.asarray(norms), xp.asarray(known))
    assert to_numpy(found).tolist() == [True, True, False, False]
    assert not is_in(xp, xp.asarray(norms), xp.asarray(known[:0])).any()


@pytest.mark.parametrize("ops", ["cupy"])
def test_words_are_diffused_over_their_graph_as_with_numpy(ops):
    texts = ["Brightmoor is happy", "happy once", "I am happy", "happy", "not happy"]
    model = {"@architectures": "spacy-stablediff.WordGraphTok2Vec.v1", "tok2vec": EMBEDDING}
    nlp = spacy.blank("en")
    nlp.add_pipe("tok2vec", config={"model": model})
    add_textcat(nlp)
    cats = {"cats": {"POS": 1.0, "NEG": 0.0}}
    examples = [Example.from_dict(nlp.make_doc(text), cats) for text in texts]
    nlp.initialize(lambda: examples)
    nlp.update(examples, sgd=False)  # counts the words
    expected = nlp("I am hapyp").tensor
    with use_ops(ops):
        same = spacy.blank("en").from_config(nlp.config).from_bytes(nlp.to_bytes())
        assert_allclose(to_numpy(same("I am hapyp").tensor), expected, atol=1e-5)
