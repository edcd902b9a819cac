"""How time and memory grow with the text, and how diffusion compares with the embedding."""

from collections.abc import Callable
from typing import Any

import numpy
from spacy.tokens import Doc

from spacy_stablediff.operators.heat import heat
from spacy_stablediff.operators.implicit import implicit
from spacy_stablediff.operators.multiscale import multiscale

from .operators import RADIUS, SCALES, TEXTS, TIME, make_confidence, make_times
from .text import Batch, Films, make_embedding
from .timing import Contestant, compare, measure_peak

WIDTH = 96
SMALLEST = {"short": 1_000, "long": 100}
LARGEST_DOCUMENT = 200_000
POINTS = 7


def measure_scaling(films: Films, rounds: int, largest: int) -> dict[str, Any]:
    """Measure time and peak memory over sizes, and the longest document's embedding.

    films (Films): The text, which is repeated where more is needed.
    rounds (int): Rounds of the times.
    largest (int): Tokens of the largest batch of short documents; a single document
        has at most 200,000.
    RETURNS (Dict[str, Any]): A list of curves, and a comparison with the embedding.
    """
    document = min(largest, LARGEST_DOCUMENT)
    curves = []
    for text, limit in zip(TEXTS, (largest, document), strict=True):
        batch = films.embed(text, WIDTH)
        sizes = numpy.geomspace(SMALLEST[text], limit, POINTS).round().astype(int).tolist()
        batches = [resize(batch, tokens) for tokens in sizes]
        for operator, prepare in OPERATORS.items():
            runs = [prepare(batch) for batch in batches]
            points = compare(
                [Contestant(str(n), run) for n, run in zip(sizes, runs, strict=True)], rounds
            )
            for point, sized, run in zip(points, batches, runs, strict=True):
                point["tokens"] = sized.X.shape[0]
                point["documents"] = len(sized.lengths)
                point["memory"] = measure_peak(run) / sized.X.nbytes
            curves.append({"operator": operator, "text": text, "points": points})
    return {"curves": curves, "document": _measure_document(films, rounds, document)}


def resize(batch: Batch, tokens: int) -> Batch:
    """Cut or repeat a text to a number of tokens; of short documents the last may be cut."""
    repeats = -(-tokens // batch.X.shape[0])
    X = numpy.tile(batch.X, (repeats, 1))[:tokens]
    if batch.text == "long":
        return Batch(batch.text, X, numpy.asarray([tokens], dtype="int32"))
    ends = numpy.minimum(numpy.cumsum(numpy.tile(batch.lengths, repeats)), tokens)
    lengths = numpy.diff(ends, prepend=0)
    return Batch(batch.text, X, lengths[lengths > 0].astype("int32"))


def prepare_heat(batch: Batch) -> Callable[[], Any]:
    """Forward pass with a time for each channel."""
    times = make_times(batch.X.shape[1])
    return lambda: heat(batch.X, batch.lengths, times)[0]


def prepare_implicit(batch: Batch) -> Callable[[], Any]:
    """Forward pass with a confidence for each token."""
    confidence = make_confidence(batch.X.shape[0])
    return lambda: implicit(batch.X, batch.lengths, confidence, TIME, RADIUS)[0]


def prepare_multiscale(batch: Batch) -> Callable[[], Any]:
    """Forward pass with four scales."""
    width = batch.X.shape[1]
    W = numpy.full((len(SCALES), width, width), 1 / width, dtype="float32")
    return lambda: multiscale(batch.X, batch.lengths, SCALES, W)[0]


OPERATORS: dict[str, Callable[[Batch], Callable[[], Any]]] = {
    "heat": prepare_heat,
    "implicit": prepare_implicit,
    "multiscale": prepare_multiscale,
}


def _measure_document(films: Films, rounds: int, tokens: int) -> dict[str, Any]:
    """Compare the diffusion of a long document with its embedding."""
    repeats = -(-tokens // sum(len(doc) for doc in films.docs))
    doc = Doc.from_docs(films.docs * repeats)[:tokens].as_doc()
    embedding = make_embedding(films.nlp, WIDTH)
    batch = Batch("long", embedding.predict([doc])[0], numpy.asarray([len(doc)], dtype="int32"))
    contestants = [
        Contestant("embedding", lambda: embedding.predict([doc])),
        *(Contestant(name, prepare(batch)) for name, prepare in OPERATORS.items()),
    ]
    return {"tokens": len(doc), "contestants": compare(contestants, rounds)}
