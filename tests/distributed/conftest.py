"""A small cluster on this machine, a pipeline on disk, and texts for it."""

import os

import pytest

from ..pipelines import TEXTS, UNSEEN, chain_pipeline, train


@pytest.fixture(scope="session")
def cluster():
    """Ray on this machine, with two CPUs."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    import ray

    ray.init(
        "local",
        num_cpus=2,
        object_store_memory=200_000_000,
        include_dashboard=False,
        log_to_driver=False,
    )
    yield ray
    ray.shutdown()


@pytest.fixture(scope="session")
def pipeline(tmp_path_factory):
    """A trained pipeline with categories and entities, and where it is on disk."""
    nlp = chain_pipeline(["textcat", "ner"])
    train(nlp)
    # What so little training finds may be nothing.
    patterns = [{"label": "COMPANY", "pattern": name} for name in ("Brightmoor", "Vellorane")]
    nlp.add_pipe("entity_ruler").add_patterns(patterns)
    path = tmp_path_factory.mktemp("pipeline") / "model"
    nlp.to_disk(path)
    return nlp, path


@pytest.fixture(scope="session")
def texts():
    """Texts of all kinds, empty ones too."""
    return 4 * [*(text for text, _, _ in TEXTS), *UNSEEN]
