"""The pipelines that several modules run."""

import pytest

from .examples import reloaded, trained_attached, trained_chain, trained_stabilized


@pytest.fixture(
    scope="module",
    params=[trained_chain, trained_stabilized, trained_attached],
    ids=["chain", "stabilized", "attached"],
)
def nlp(request):
    """A trained pipeline as it comes from disk, which tests leave as it is."""
    return reloaded(request.param())
