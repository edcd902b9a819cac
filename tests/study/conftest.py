"""What several tests of the study use."""

from pathlib import Path

import pytest

from study.plan import read_plan
from study.summary import read_study

from .examples import PLAN, make_lines

STUDY = Path(__file__).parent.parent.parent / "study"


@pytest.fixture
def study():
    """All runs of the small plan."""
    return read_study(PLAN, make_lines())


@pytest.fixture(scope="session")
def plan():
    """The plan of the study."""
    return read_plan(STUDY / "plan.yml")


@pytest.fixture(scope="session")
def rivals():
    """The plan of the rivals at full strength."""
    return read_plan(STUDY / "rivals.yml")


@pytest.fixture(scope="session")
def pretraining():
    """The plan of the measurements of pretraining."""
    return read_plan(STUDY / "pretraining.yml")
