"""What the plots of the studies show."""

import pytest

pytest.importorskip("matplotlib")

from study.plot import list_places
from study.summary import read_study

from .rival_examples import PLAN, make_lines


def test_panels_are_drawn_for_what_was_run():
    everything = [("btc", "scratch"), ("dutch", "scratch"), ("btc", "pretrained")]
    assert list_places(read_study(PLAN, make_lines())) == everything
    lines = [line for line in make_lines() if line["embedding"] == "scratch"]
    assert list_places(read_study(PLAN, lines)) == everything[:2]
    of_no_main_variant = [line for line in lines if line["variant"] == "ours-of-another-weight"]
    assert list_places(read_study(PLAN, of_no_main_variant)) == everything[:1]
