"""The documents that are shown: chosen by the seed, the same ones for every pipeline."""

from collections.abc import Sequence
from dataclasses import replace

from spacy.tokens import Doc

from ..draws import Draws
from .comparison import relative_to
from .result import SampleView, TokenView

# Sample documents, and the length up to which documents are preferred.
SAMPLES = 5
SAMPLE_LENGTH = 120


class Samples:
    """The documents that draw the lowest numbers, each with views of its edited copies.

    What a document draws depends on its place in the corpus. Long ones draw higher numbers.
    """

    def __init__(self, seed: int) -> None:
        """Begin with no documents.

        seed (int): The seed of the random numbers.
        """
        self._draws = Draws(seed, purpose=SAMPLES)
        self._entries: list[tuple[float, list[SampleView]]] = []

    def choose(self, docs: Sequence[Doc], places: Sequence[int]) -> dict[int, list[SampleView]]:
        """Choose which documents of a batch to show, and make room for their views.

        docs (Sequence[Doc]): The clean documents.
        places (Sequence[int]): Their places in the corpus.
        RETURNS (Dict[int, List[SampleView]]): By the index in the batch of those chosen, where
            to put their views, whose displacements are plain distances.
        """
        entries: list[tuple[float, list[SampleView]]] = [
            (self._draws.at(place).random() + (len(doc) > SAMPLE_LENGTH), [])
            for doc, place in zip(docs, places, strict=True)
        ]
        self._keep(entries)
        chosen = {id(views) for _, views in self._entries}
        return {i: entry[1] for i, entry in enumerate(entries) if id(entry[1]) in chosen}

    def merge(self, other: "Samples") -> None:
        """Choose among the documents of another one too."""
        self._keep(other._entries)

    def show(self, edit: str, spread: float | None) -> list[SampleView]:
        """Show the copies that an edit made, with displacements relative to a spread."""
        views = [view for _, views in self._entries for view in views if view.edit == edit]
        return [
            replace(view, clean=_scale(view.clean, spread), edited=_scale(view.edited, spread))
            for view in views
        ]

    def _keep(self, entries: list[tuple[float, list[SampleView]]]) -> None:
        every = [*self._entries, *entries]
        self._entries = sorted(every, key=lambda entry: entry[0])[:SAMPLES]


def _scale(tokens: list[TokenView], spread: float | None) -> list[TokenView]:
    return [replace(t, displacement=relative_to(t.displacement, spread)) for t in tokens]
