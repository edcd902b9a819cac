"""Times of contestants that take turns, and peaks of allocated memory."""

import gc
import random
import time
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy

# A contestant that takes longer than this many seconds runs fewer rounds.
SLOW = 10.0
SLOW_ROUNDS = 3


@dataclass(frozen=True)
class Contestant:
    """One way to do what a comparison is about.

    name (str): What to call it.
    run (Callable): Does it once, and returns the result.
    reference (Optional[ndarray]): The exact result, to measure the error against.
    """

    name: str
    run: Callable[[], Any]
    reference: numpy.ndarray | None = None


def compare(contestants: Sequence[Contestant], rounds: int) -> list[dict[str, Any]]:
    """Run every contestant once to warm up, then all of them in turn for some rounds.

    Each round has another order, because what ran before leaves its mark on caches and memory.

    contestants (Sequence[Contestant]): The contestants.
    rounds (int): How many rounds.
    RETURNS (List[Dict[str, Any]]): Name, seconds of each round, and largest absolute
        error, None without a reference.
    """
    results = [_warm_up(contestant) for contestant in contestants]
    slow = [result.pop("warm_up") > SLOW for result in results]
    shuffle = random.Random(0)
    entries = list(zip(contestants, results, slow, strict=True))
    for number in range(rounds):
        shuffle.shuffle(entries)
        with _no_garbage_collection():
            for contestant, result, is_slow in entries:
                if not is_slow or number < SLOW_ROUNDS:
                    result["seconds"].append(measure_seconds(contestant.run))
    return results


def measure_seconds(run: Callable[[], Any]) -> float:
    """Return the seconds that a call takes."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def measure_peak(run: Callable[[], Any]) -> int:
    """Return by how many bytes a call raises allocated memory at most, its result included."""
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        run()
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """Collect garbage now rather than in the middle of somebody's turn."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _warm_up(contestant: Contestant) -> dict[str, Any]:
    start = time.perf_counter()
    output = contestant.run()
    seconds = time.perf_counter() - start
    error = None
    if contestant.reference is not None:
        error = float(numpy.abs(output - contestant.reference).max())
    return {"name": contestant.name, "warm_up": seconds, "seconds": [], "error": error}
