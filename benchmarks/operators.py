"""The operators against other implementations of them, all on the same vectors."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy

from spacy_stablediff.operators.heat import heat
from spacy_stablediff.operators.implicit import implicit
from spacy_stablediff.operators.multiscale import multiscale

from . import peers, references
from .text import Batch, Films
from .timing import Contestant, compare

WIDTHS = (96, 300)
TEXTS = ("short", "long")
TIME, RADIUS = 0.5, 2
SCALES = numpy.asarray([0.7, 4.0, 32.0, numpy.inf])


def measure_operators(films: Films, rounds: int) -> list[dict[str, Any]]:
    """Compare the implementations of each operator, for each text and width."""
    comparisons = []
    for text in TEXTS:
        for width in WIDTHS:
            batch = films.embed(text, width)
            for operator, list_contestants in OPERATORS.items():
                contestants = [Contestant("copy", batch.X.copy), *list_contestants(batch)]
                comparisons.append(
                    {
                        "operator": operator,
                        "text": text,
                        "width": width,
                        "largest": float(numpy.abs(batch.X).max()),
                        "contestants": compare(contestants, rounds),
                    }
                )
    return comparisons


def make_times(width: int) -> numpy.ndarray:
    """A time for each channel, around the common one."""
    return numpy.linspace(0.6 * TIME, 1.6 * TIME, width, dtype="float32")


def make_confidence(tokens: int) -> numpy.ndarray:
    """A confidence in each token, around 1."""
    return 0.5 + numpy.random.default_rng(0).random(tokens, dtype="float32")


def list_heat(batch: Batch) -> list[Contestant]:
    """Heat diffusion with one time, and with one time for each channel."""
    X, lengths = batch.X, batch.lengths
    one = numpy.full(1, TIME, dtype="float32")
    each = make_times(X.shape[1])
    exact = references.heat(batch, one)
    others = [Contestant(name, run, exact) for name, run in peers.heat_peers(batch, TIME).items()]
    return [
        *_both_ways("ours", lambda: heat(X, lengths, one), exact),
        *_both_ways(
            "ours, a time for each channel",
            lambda: heat(X, lengths, each),
            references.heat(batch, each),
        ),
        *others,
    ]


def list_implicit(batch: Batch) -> list[Contestant]:
    """Implicit diffusion with a confidence for each token."""
    X, lengths = batch.X, batch.lengths
    confidence = make_confidence(X.shape[0])
    exact = references.implicit(batch, confidence, TIME, RADIUS)
    others = peers.implicit_peers(batch, confidence, TIME, RADIUS)
    return [
        *_both_ways("ours", lambda: implicit(X, lengths, confidence, TIME, RADIUS), exact),
        *(Contestant(name, run, exact) for name, run in others.items()),
    ]


def list_multiscale(batch: Batch) -> list[Contestant]:
    """Four scales, and what of them is diffusion and what is matrix products."""
    X, lengths = batch.X, batch.lengths
    W = numpy.random.default_rng(0).normal(size=(len(SCALES), X.shape[1], X.shape[1]))
    W = (W / X.shape[1]).astype("float32")
    nothing = SCALES[:0], W[:0]
    exact = references.multiscale(batch, SCALES, W)
    others = peers.multiscale_peers(batch, SCALES, W)
    return [
        *_both_ways("ours", lambda: multiscale(X, lengths, SCALES, W), exact),
        Contestant(
            "its transforms, without matrix products",
            lambda: multiscale(X, lengths, *nothing)[0],
        ),
        Contestant("matrix products of all scales", lambda: [X @ w.T for w in W]),
        *(Contestant(name, run, exact) for name, run in others.items()),
    ]


OPERATORS: dict[str, Callable[[Batch], Sequence[Contestant]]] = {
    "heat": list_heat,
    "implicit": list_implicit,
    "multiscale": list_multiscale,
}


def _both_ways(
    name: str, apply: Callable[[], tuple], exact: numpy.ndarray
) -> tuple[Contestant, Contestant]:
    """An operator of ours, forward and backward."""
    Y, backprop = apply()
    return (
        Contestant(name, lambda: apply()[0], exact),
        Contestant(f"{name}, backward", lambda: backprop(Y)),
    )
