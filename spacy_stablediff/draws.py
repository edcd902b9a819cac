"""Random numbers by document: the same ones in whatever order, and wherever, it is met."""

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy


class Draws:
    """Streams of random numbers, one for each document of a corpus.

    Made by a counter (Salmon et al., Parallel random numbers: as easy as 1, 2, 3, 2011), so
    that each stream is there without those before it.
    """

    def __init__(self, seed: int, purpose: int) -> None:
        """Begin the streams of a seed.

        seed (int): The seed >= 0.
        purpose (int): A number >= 0 that keeps streams of the same seed apart.
        """
        self._key = numpy.random.SeedSequence([seed, purpose]).generate_state(2, "uint64")

    def at(self, place: int, copy: int = 0) -> numpy.random.Generator:
        """Return the stream of a document, from its beginning.

        place (int): The place of the document in the corpus, from 0.
        copy (int): Which copy of it, from 0.
        RETURNS (numpy.random.Generator): Draws the numbers.
        """
        return numpy.random.Generator(
            numpy.random.Philox(key=self._key, counter=[0, 0, copy, place])
        )


@contextmanager
def globally_seeded(seed: int) -> Iterator[None]:
    """Seed the global generators of random and numpy for a while.

    They go on afterwards as if nothing had been.

    seed (int): The seed >= 0.
    """
    states = random.getstate(), numpy.random.get_state()
    random.seed(seed)
    numpy.random.seed(seed)
    try:
        yield
    finally:
        random.setstate(states[0])
        numpy.random.set_state(states[1])
