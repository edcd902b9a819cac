"""How much of a cluster workers ask for: all but what reading takes."""

import pytest

pytestmark = pytest.mark.real("ray")


def share(monkeypatch, nodes, workers):
    from spacy_stablediff.distributed import cluster

    described = [{"Alive": True, "Resources": {"CPU": float(cpus)}} for cpus in nodes]
    lost = {"Alive": False, "Resources": {"CPU": 64.0}}
    monkeypatch.setattr(cluster.ray, "nodes", lambda: [*described, lost])
    return cluster.share_cpus(workers)


@pytest.mark.parametrize(
    "nodes, workers, expected",
    [
        ([4], 3, 1.0),
        ([4], 4, 0.75),
        ([2], 2, 0.5),
        ([2], 3, 0.3333),
        ([1], 1, 0.0),
        ([8, 8], 15, 1.0),
        ([8, 8], 16, 0.875),
        ([8, 4], 12, 0.875),
    ],
)
def test_the_largest_machine_keeps_a_cpu_for_reading(monkeypatch, nodes, workers, expected):
    found = share(monkeypatch, nodes, workers)
    assert found == pytest.approx(expected)
    assert max(nodes) - found * -(-workers * max(nodes) // sum(nodes)) >= 1 or workers < sum(nodes)
