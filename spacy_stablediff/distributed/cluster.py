"""The Ray cluster: reaching one, and how much of it a worker asks for."""

import math
import os
from collections.abc import Iterator
from contextlib import contextmanager

import ray

from ..errors import Errors

LOCAL = "local"


@contextmanager
def connect(address: str | None = None, workers: int | None = None) -> Iterator[None]:
    """Reach a Ray cluster, and leave it at the end.

    address (Optional[str]): Its address, or "auto" for the one that this machine belongs to.
        By default that of the environment variable RAY_ADDRESS, which is set within
        `ray job submit`; without it, Ray is started on this machine alone. Where Ray runs
        already in this process, that is used.
    workers (Optional[int]): How many CPUs to use where it is started on this machine. By
        default all.
    RAISES (ValueError): SD185 if there is no cluster at the address.
    """
    if ray.is_initialized():
        yield
        return
    address = address or os.environ.get("RAY_ADDRESS") or LOCAL
    if address == LOCAL:
        # The dashboard takes memory, and nobody would see it.
        ray.init(LOCAL, num_cpus=workers, include_dashboard=False, log_to_driver=False)
    else:
        _connect(address)
    try:
        yield
    finally:
        ray.shutdown()


def count_cpus() -> int:
    """Return the number of CPUs of the cluster, at least 1."""
    return max(1, int(ray.cluster_resources().get("CPU", 1)))


def share_cpus(workers: int) -> float:
    """Return how many CPUs each of some workers asks for: one, or a little less.

    Workers hold their CPUs to the end. If they held all, nobody could read the data, and
    they would wait for ever; so on the largest machine one CPU is left.

    workers (int): Their number.
    RETURNS (float): The share of a CPU, from 0 to 1.
    """
    nodes = [int(node["Resources"].get("CPU", 0)) for node in ray.nodes() if node["Alive"]]
    total, largest = sum(nodes), max(nodes)
    if workers < total:
        return 1.0
    share = (largest - 1) / math.ceil(workers * largest / total)
    # Ray counts in ten thousandths.
    return math.floor(share * 10_000) / 10_000


def _connect(address: str) -> None:
    """Reach a cluster that is there, or raise SD185."""
    try:
        ray.init(address, log_to_driver=False)
    except (ConnectionError, ValueError, RuntimeError) as error:
        problem = str(error).strip().splitlines()[0]
        raise ValueError(Errors.SD185.format(address=address, problem=problem)) from None
