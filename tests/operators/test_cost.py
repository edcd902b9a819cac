"""What diffusion allocates, and how often it factorises: counts, which no noise can disturb."""

import tracemalloc

import numpy
import pytest

from spacy_stablediff.operators import implicit as implicit_module
from spacy_stablediff.operators.heat import heat
from spacy_stablediff.operators.implicit import implicit
from spacy_stablediff.operators.multiscale import multiscale

from ..pipelines import TEXTS, add_textcat, chain_pipeline, examples_for, initialize

WIDTH = 96
TIMES = numpy.asarray([0.7, 4.0, 32.0, numpy.inf])
BATCHES = {
    "short": numpy.random.default_rng(0).integers(1, 60, size=700),
    "alike": numpy.full(1000, 20),
    "long": numpy.asarray([20_000]),
}


def make_heat(times):
    times = numpy.broadcast_to(times, (numpy.size(times),)).astype("float32")
    return lambda X, lengths: heat(X, lengths, times)


def make_implicit(radius):
    return lambda X, lengths: implicit(
        X, lengths, numpy.linspace(0.1, 2, len(X), dtype="float32"), 0.5, radius
    )


def make_multiscale():
    W = numpy.full((len(TIMES), WIDTH, WIDTH), 0.01, dtype="float32")
    return lambda X, lengths: multiscale(X, lengths, TIMES, W)


# The most that a pass may allocate, its output included, as a multiple of its input.
OPERATORS = {
    "heat": (make_heat(0.5), 2),
    "heat, a time for each channel": (make_heat(numpy.linspace(0.2, 1, WIDTH)), 2),
    "heat, long times": (make_heat(numpy.linspace(20, 200, WIDTH)), 4),
    "implicit": (make_implicit(radius=2), 4),
    "implicit, radius 5": (make_implicit(radius=5), 4),
    "multiscale": (make_multiscale(), 4),
}


def measure_peak(function, *arguments):
    """Result of a call, and the most bytes that it had allocated at once."""
    tracemalloc.start()
    result = function(*arguments)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return result, peak


@pytest.mark.parametrize("lengths", BATCHES.values(), ids=BATCHES.keys())
@pytest.mark.parametrize("operator, limit", OPERATORS.values(), ids=OPERATORS.keys())
def test_no_pass_allocates_more_than_a_few_times_its_input(operator, limit, lengths):
    X = numpy.random.default_rng(1).normal(size=(lengths.sum(), WIDTH)).astype("float32")
    operator(X, lengths)  # fills what is kept from call to call
    (Y, backprop), forward_peak = measure_peak(operator, X, lengths)
    assert forward_peak <= limit * X.nbytes
    _, backward_peak = measure_peak(backprop, Y)
    assert backward_peak <= limit * X.nbytes


@pytest.fixture
def counts(monkeypatch):
    """Numbers of factorisations, and of solves by each, that the implicit operator asked for."""
    solves = []
    factorise = implicit_module.factorise

    def count_factorisations(bands):
        solve, number = factorise(bands), len(solves)
        solves.append(0)

        def count_solves(*arguments):
            solves[number] += 1
            return solve(*arguments)

        return count_solves

    monkeypatch.setattr(implicit_module, "factorise", count_factorisations)
    return solves


def test_one_factorisation_serves_a_batch_forward_and_backward(counts):
    lengths = BATCHES["short"]
    X = numpy.ones((lengths.sum(), WIDTH), dtype="float32")
    Y, backprop = make_implicit(radius=2)(X, lengths)
    assert counts == [1]
    backprop(Y)
    assert counts == [2]


def test_one_factorisation_serves_all_listeners(counts):
    nlp = chain_pipeline(["textcat", "ner"])
    add_textcat(nlp, name="another")
    initialize(nlp)
    counts.clear()
    nlp.update(examples_for(nlp))
    listeners = 3
    assert counts == [1 + listeners]  # forward once, and the gradient of each


def test_one_factorisation_and_one_solve_predict_a_batch(counts):
    nlp = initialize(chain_pipeline(["textcat", "ner"]))
    counts.clear()
    list(nlp.pipe([text for text, *_ in TEXTS] * 10, batch_size=20))
    assert counts == [1, 1, 1]
