"""The layers: their exact gradients, their parameters, and what they refuse."""

import warnings
from functools import partial

import numpy
import pytest
from numpy.testing import assert_allclose
from spacy import registry
from thinc.api import Config, ConfigValidationError, Model, chain

from spacy_stablediff.layers.heat import HeatDiffusion
from spacy_stablediff.layers.implicit import ImplicitDiffusion
from spacy_stablediff.layers.multiscale import MultiscaleDiffusion
from spacy_stablediff.operators.cosine import MAX_BASIS_LENGTH
from spacy_stablediff.wiring.settings import SETTINGS

from ..references import dense_heat, dense_implicit, numeric_gradient
from .examples import LAYERS, LENGTHS, WIDTH, every_layer, random_documents, trained

timed_layers = pytest.mark.parametrize("make", [HeatDiffusion, ImplicitDiffusion])


@every_layer
@pytest.mark.parametrize("lengths", [LENGTHS, [MAX_BASIS_LENGTH + 3]])
def test_gradients_equal_finite_differences(make, lengths):
    layer = trained(make())
    Xs, weights = random_documents(lengths), random_documents(lengths, seed=1)

    def loss():
        return sum((w * y).sum() for w, y in zip(weights, layer.predict(Xs), strict=True))

    _, backprop = layer.begin_update(Xs)
    dXs = backprop(weights)
    some_documents = [i for i, X in enumerate(Xs) if X.shape[0] <= 9] or [0]
    for i in some_documents:
        sample = Xs[i][:9]  # a view, so that loss() sees the step
        assert_allclose(dXs[i][:9], numeric_gradient(loss, sample), atol=1e-6)
    for name in layer.param_names:
        numeric = numeric_gradient(loss, layer.get_param(name))
        assert_allclose(layer.get_grad(name), numeric, atol=1e-6, err_msg=name)


@every_layer
def test_gradients_of_two_readers_add_up(make):
    Xs, first, second = random_documents(), random_documents(seed=1), random_documents(seed=2)
    shared, single = trained(make()), trained(make())
    _, backprop = shared.begin_update(Xs)
    separate = [a + b for a, b in zip(backprop(first), backprop(second), strict=True)]
    _, backprop = single.begin_update(Xs)
    together = backprop([a + b for a, b in zip(first, second, strict=True)])
    for a, b in zip(separate, together, strict=True):
        assert_allclose(a, b, atol=1e-12)
    for name in shared.param_names:
        assert_allclose(shared.get_grad(name), single.get_grad(name), atol=1e-12)


@every_layer
def test_float32_in_float32_out_and_gradients_too(make):
    Xs = random_documents(dtype="float32")
    layer = make().initialize(X=Xs)
    Ys, backprop = layer.begin_update(Xs)
    assert {a.dtype.name for a in [*Ys, *backprop(Ys)]} == {"float32"}
    assert {layer.get_grad(name).dtype.name for name in layer.param_names} <= {"float32"}
    assert [Y.shape for Y in Ys] == [X.shape for X in Xs]


@every_layer
def test_acts_at_initial_values_before_and_after_initialize(make):
    Xs = random_documents(dtype="float32")
    layer = make()
    before = layer.predict(Xs)
    after = layer.initialize(X=Xs).predict(Xs)
    for a, b in zip(before, after, strict=True):
        assert_allclose(a, b, atol=1e-6)


def test_heat_learns_one_time_per_channel():
    layer = trained(HeatDiffusion())
    times = numpy.log1p(numpy.exp(layer.get_param("time")))
    (X,) = random_documents([12])
    assert times.shape == (WIDTH,)
    assert_allclose(layer.predict([X])[0], dense_heat(X, times), atol=1e-10)


def test_implicit_confidence_is_softplus_of_a_linear_unit():
    layer = trained(ImplicitDiffusion())
    time, u, b = (layer.get_param(name) for name in ("time", "u", "b"))
    (X,) = random_documents([12])
    confidence = numpy.log1p(numpy.exp(X @ u + b)) + 1e-3
    expected = dense_implicit(X, confidence, numpy.log1p(numpy.exp(time))[0], 2)
    assert_allclose(layer.predict([X])[0], expected, atol=1e-10)


def test_multiscale_mixes_heat_at_each_scale_and_the_mean():
    layer = trained(MultiscaleDiffusion(times=[0.7, 32, None], learn_confidence=False))
    W = layer.get_param("W")
    (X,) = random_documents([12])
    scales = [dense_heat(X, [0.7] * WIDTH), dense_heat(X, [32] * WIDTH), 0 * X + X.mean(axis=0)]
    expected = X + sum(S @ w.T for S, w in zip(scales, W, strict=True))
    assert_allclose(layer.predict([X])[0], expected, atol=1e-10)


def test_multiscale_with_confidence_diffuses_confident_tokens_more_strongly():
    plain = trained(MultiscaleDiffusion(learn_confidence=False))
    layer = trained(MultiscaleDiffusion())
    layer.set_param("W", plain.get_param("W"))
    (X,) = random_documents([12])
    confidence = numpy.log1p(numpy.exp(X @ layer.get_param("u") + layer.get_param("b"))) + 1e-3
    sources = confidence[:, None] * X
    expected = X + plain.predict([sources])[0] - sources
    assert_allclose(layer.predict([X])[0], expected, atol=1e-10)


@pytest.mark.parametrize("learn_confidence", [False, True])
def test_multiscale_starts_as_the_identity_to_the_bit(learn_confidence):
    Xs = random_documents(dtype="float32")
    layer = MultiscaleDiffusion(learn_confidence=learn_confidence).initialize(X=Xs)
    for X, Y in zip(Xs, layer.predict(Xs), strict=True):
        assert numpy.array_equal(X, Y)


@pytest.mark.parametrize(
    "times", [[], None, 0.5, [0], [-1], [float("inf")], [float("nan")], ["x"], [True]]
)
def test_refuses_bad_times(times):
    with pytest.raises(ValueError, match=r"\[SD023\].*MultiscaleDiffusion.v1.*'times'"):
        MultiscaleDiffusion(times=times)


@pytest.mark.parametrize(
    "make, learned",
    [
        (LAYERS["heat"], {"time"}),
        (LAYERS["heat, fixed time"], set()),
        (LAYERS["implicit"], {"time", "u", "b"}),
        (LAYERS["implicit, fixed time"], {"u", "b"}),
        (LAYERS["implicit, fixed confidence"], {"time"}),
        (LAYERS["implicit, all fixed"], set()),
        (LAYERS["multiscale"], {"W", "u", "b"}),
        (LAYERS["multiscale, fixed confidence"], {"W"}),
    ],
)
def test_settings_decide_what_is_learned(make, learned):
    assert set(make().param_names) == learned


@every_layer
def test_empty_batches_and_documents_pass_through(make):
    layer = make().initialize(X=random_documents())
    assert layer.predict([]) == []
    Ys, backprop = layer.begin_update([numpy.zeros((0, WIDTH), dtype="float32")] * 2)
    assert [Y.shape for Y in Ys] == [(0, WIDTH)] * 2
    assert [dX.shape for dX in backprop(Ys)] == [(0, WIDTH)] * 2


@every_layer
def test_bytes_round_trip(make):
    layer = trained(make())
    Xs = random_documents()
    loaded = make().from_bytes(layer.to_bytes())
    for a, b in zip(layer.predict(Xs), loaded.predict(Xs), strict=True):
        assert_allclose(a, b, atol=0)


@timed_layers
def test_large_times_and_vectors_stay_finite(make):
    layer = make(time=1e6).initialize(X=random_documents())
    Xs = [1e20 * X.astype("float32") for X in random_documents()]
    assert all(numpy.isfinite(Y).all() for Y in layer.predict(Xs))


@timed_layers
@pytest.mark.parametrize("learn_time", [True, False])
def test_time_zero_is_the_identity_to_the_bit_and_says_so(make, learn_time):
    with pytest.warns(UserWarning, match=r"\[SDW01\].*time = 0"):
        layer = make(time=0, learn_time=learn_time)
    Xs = random_documents(dtype="float32")
    layer.initialize(X=Xs)
    Ys, backprop = layer.begin_update(Xs)
    for X, Y, dX in zip(Xs, Ys, backprop(Xs), strict=True):
        assert numpy.array_equal(X, Y) and numpy.array_equal(X, dX)
    assert not layer.param_names


@timed_layers
@pytest.mark.parametrize("time", [-0.1, float("inf"), float("nan"), "fast", None, True])
def test_refuses_a_bad_time(make, time):
    with pytest.raises(ValueError, match=r"\[SD001\].*Diffusion.v1.*'time'"):
        make(time=time)


@pytest.mark.parametrize("radius", [0, -1, 1.5, "2", True])
def test_refuses_a_bad_radius(radius):
    with pytest.raises(ValueError, match=r"\[SD002\].*ImplicitDiffusion.v1.*'radius'"):
        ImplicitDiffusion(radius=radius)


@pytest.mark.parametrize("make", [HeatDiffusion, ImplicitDiffusion, MultiscaleDiffusion])
def test_refuses_another_width_than_it_learned(make):
    layer = make().initialize(X=random_documents())
    with pytest.raises(ValueError, match=r"\[SD007\] A diffusion layer.*width 3.*width 5"):
        layer.predict([numpy.zeros((2, 5), dtype="float32")])


@pytest.mark.parametrize("make", [HeatDiffusion, ImplicitDiffusion, MultiscaleDiffusion])
def test_refuses_to_be_initialized_for_another_width_than_it_learned(make):
    layer = make().initialize(X=random_documents())
    with pytest.raises(ValueError, match=r"\[SD007\] A diffusion layer.*width 3.*width 5"):
        layer.initialize(X=[numpy.zeros((2, 5), dtype="float32")])


@pytest.mark.parametrize("name", ["heat, fixed time", "implicit, fixed confidence"])
def test_accepts_any_width_where_none_was_learned(name):
    layer = LAYERS[name]().initialize(X=random_documents())
    for width in (5, 96, 300):
        assert layer.predict([numpy.ones((2, width), dtype="float32")])[0].shape == (2, width)


@timed_layers
def test_refuses_a_batch_of_several_widths(make):
    with pytest.raises(ValueError, match=r"\[SD008\].*4, 6"):
        make().predict([numpy.zeros((2, 6)), numpy.zeros((3, 4)), numpy.zeros((0, 9))])


@timed_layers
@pytest.mark.parametrize("value", [numpy.nan, numpy.inf, -numpy.inf])
def test_refuses_non_finite_vectors_and_says_where(make, value):
    Xs = random_documents()
    Xs[3][2, 1] = value
    with pytest.raises(ValueError, match=r"\[SD009\].*document 3"):
        make().predict(Xs)


@pytest.mark.parametrize("make", [HeatDiffusion, ImplicitDiffusion, MultiscaleDiffusion])
def test_refuses_to_initialize_without_a_width(make):
    with pytest.raises(ValueError, match=r"\[SD010\]"):
        make().initialize()


@every_layer
def test_its_config_describes_it(make):
    layer = make()
    described = registry.resolve({"layer": layer.attrs[SETTINGS]})["layer"]
    assert described.name == layer.name
    assert described.attrs == layer.attrs and described.param_names == layer.param_names
    filled = registry.fill({"layer": layer.attrs[SETTINGS]})
    assert filled["layer"] == layer.attrs[SETTINGS]  # no setting is left to its default


@pytest.mark.parametrize(
    "make, changed",
    [
        (partial(HeatDiffusion, learn_time=False), {"time": 3.0}),
        (partial(ImplicitDiffusion, learn_time=False), {"time": 3.0, "radius": 5}),
        (MultiscaleDiffusion, {"times": [0.1, None]}),
    ],
)
def test_settings_are_those_of_the_config_whatever_is_loaded(make, changed):
    Xs = random_documents(dtype="float32")
    learned = trained(make(**({"times": [4.0, None]} if "times" in changed else {})))
    layer = make(**changed).from_bytes(learned.to_bytes())
    assert layer.attrs[SETTINGS].items() >= changed.items()
    same = [numpy.allclose(*Ys) for Ys in zip(layer.predict(Xs), learned.predict(Xs), strict=True)]
    assert not all(same)


def test_refuses_matrices_of_another_number_of_scales():
    learned = trained(MultiscaleDiffusion(times=[1.0, None]))
    layer = MultiscaleDiffusion(times=[1.0]).from_bytes(learned.to_bytes())
    with pytest.raises(ValueError, match=r"\[SD038\].*2 scales.*'times' lists 1"):
        layer.predict(random_documents())


@every_layer
def test_says_whether_it_acts_before_it_is_trained(make):
    Xs = random_documents(dtype="float32")
    layer = make()
    for model in (layer, make().initialize(X=Xs)):
        changed = [not numpy.array_equal(X, Y) for X, Y in zip(Xs, model.predict(Xs), strict=True)]
        assert any(changed) == layer.attrs["acts_untrained"]


@pytest.mark.parametrize("name", ["HeatDiffusion", "ImplicitDiffusion"])
def test_layers_are_registered_architectures(name):
    layer = registry.resolve(
        Config({"layer": {"@architectures": f"spacy-stablediff.{name}.v1", "time": 1.5}})
    )["layer"]
    assert isinstance(layer, Model) and layer.attrs[SETTINGS]["time"] == 1.5
    with pytest.raises(ConfigValidationError, match="time"):
        registry.resolve(
            Config({"layer": {"@architectures": f"spacy-stablediff.{name}.v1", "time": "fast"}})
        )


def test_layers_chain_with_other_thinc_layers():
    layer = chain(HeatDiffusion(), ImplicitDiffusion())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        layer.initialize(X=random_documents(dtype="float32"))
    assert layer.predict(random_documents(dtype="float32"))[3].shape == (9, WIDTH)
