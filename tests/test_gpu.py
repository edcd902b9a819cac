"""The same numbers on a GPU. Run with -m gpu where cupy and a GPU are at hand."""

import numpy
import pytest
import spacy
from numpy.testing import assert_allclose
from thinc.api import NumpyOps, get_ops, to_numpy, use_ops
from thinc.compat import has_cupy_gpu

from spacy_stablediff.spelling import is_in
from spacy_stablediff.stability.objective import stability_loss

from .pipelines import chain_pipeline, train
from .test_known_words import OFTEN, embed, initialized
from .test_layers import LAYERS, random_batch, trained

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not has_cupy_gpu, reason="needs cupy and a GPU"),
]


@pytest.mark.parametrize("make", LAYERS.values(), ids=LAYERS.keys())
@pytest.mark.parametrize("lengths", [[4, 0, 1, 9], [3, 700, 40]])
def test_layers_agree_with_numpy(make, lengths):
    layer = trained(make())
    for name in layer.param_names:
        layer.set_param(name, layer.get_param(name).astype("float32"))
    Xs = random_batch(lengths, dtype="float32")
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


def test_stability_loss_agrees_with_numpy():
    rng = numpy.random.default_rng(0)
    clean, edited = rng.normal(size=(2, 50, 8)).astype("float32")
    lengths, rows = numpy.asarray([20, 30]), numpy.arange(50)
    aligned = lengths, rows, rows[::-1].copy()
    loss, *gradients = stability_loss(NumpyOps(), clean, edited, *aligned, 30.0)
    ops = get_ops("cupy")
    gpu_loss, *gpu_gradients = stability_loss(
        ops, ops.asarray(clean), ops.asarray(edited), *aligned, 30.0
    )
    assert gpu_loss == pytest.approx(loss, rel=1e-4)
    for a, b in zip(gradients, gpu_gradients, strict=True):
        assert_allclose(a, to_numpy(b), atol=1e-4)


def test_pipeline_trains_and_predicts(tmp_path):
    with use_ops("cupy"):
        nlp = chain_pipeline(["textcat", "ner"])
        train(nlp)
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


def test_typos_are_embedded_as_what_is_meant():
    with use_ops("cupy"):
        nlp = initialized(OFTEN)
        assert_allclose(to_numpy(embed(nlp, "hapyp")), to_numpy(embed(nlp, "happy")))
