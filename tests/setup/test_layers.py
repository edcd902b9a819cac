"""The diffusion layers that `stablediff add` offers."""

import pytest
from spacy import registry

from spacy_stablediff import recommended
from spacy_stablediff.setup.layers import LAYERS, describe_layer
from spacy_stablediff.wiring.settings import SETTINGS


@pytest.mark.parametrize("layer", LAYERS)
def test_each_is_described_with_all_its_settings(layer):
    block, cautions = describe_layer(layer, None)
    assert registry.resolve({"layer": block})["layer"].attrs[SETTINGS] == block
    assert not cautions


def test_the_default_is_the_recommended_one_or_with_a_time_the_implicit_one():
    assert describe_layer(None, None)[0] == recommended.DIFFUSION
    block, _ = describe_layer(None, 0.3)
    assert block["@architectures"].endswith("ImplicitDiffusion.v1") and block["time"] == 0.3


def test_a_time_of_zero_is_a_caution():
    _, (caution,) = describe_layer("heat", 0.0)
    assert caution.startswith("[SDW01]")


def test_a_layer_of_several_times_takes_none():
    with pytest.raises(ValueError, match=r"\[SD062\].*1.5"):
        describe_layer("multiscale", 1.5)
