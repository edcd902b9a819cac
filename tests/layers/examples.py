"""Every layer in every setting, and batches for them."""

import numpy
import pytest

from spacy_stablediff.layers.heat import HeatDiffusion
from spacy_stablediff.layers.implicit import ImplicitDiffusion
from spacy_stablediff.layers.multiscale import MultiscaleDiffusion

WIDTH = 3
LENGTHS = [4, 0, 1, 9, 2, 4]
LAYERS = {
    "heat": HeatDiffusion,
    "heat, fixed time": lambda: HeatDiffusion(learn_time=False),
    "implicit": ImplicitDiffusion,
    "implicit, radius 1": lambda: ImplicitDiffusion(radius=1),
    "implicit, radius 20": lambda: ImplicitDiffusion(radius=20),
    "implicit, fixed time": lambda: ImplicitDiffusion(learn_time=False),
    "implicit, fixed confidence": lambda: ImplicitDiffusion(learn_confidence=False),
    "implicit, all fixed": lambda: ImplicitDiffusion(learn_time=False, learn_confidence=False),
    "multiscale": MultiscaleDiffusion,
    "multiscale, one scale": lambda: MultiscaleDiffusion(times=[2.0]),
    "multiscale, fixed confidence": lambda: MultiscaleDiffusion(learn_confidence=False),
}

every_layer = pytest.mark.parametrize("make", LAYERS.values(), ids=LAYERS.keys())


def random_documents(lengths=LENGTHS, dtype="float64", seed=0):
    """An array of random vectors for each document."""
    rng = numpy.random.default_rng(seed)
    return [rng.normal(size=(n, WIDTH)).astype(dtype) for n in lengths]


def trained(layer, seed=0):
    """The layer with random float64 parameters, as training might leave them."""
    layer.initialize(X=random_documents())
    rng = numpy.random.default_rng(seed)
    for name in layer.param_names:
        layer.set_param(name, rng.normal(size=layer.get_param(name).shape))
    return layer
