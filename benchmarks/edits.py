"""How fast texts are edited, tokenization included."""

from statistics import median
from typing import Any

from spacy.tokens import Doc
from spacy.training import Example

from spacy_stablediff.edits.augmenter import Edits
from spacy_stablediff.edits.misspellings import Misspellings, find_codespell_table
from spacy_stablediff.types import Augmenter

from .text import Films
from .timing import measure_seconds

# So many reviews are joined to one document.
JOINED = 10


def measure_edits(films: Films, rounds: int) -> list[tuple[str | float, ...]]:
    """Measure the speed of augmenters, with other edits in each round, as in training.

    films (Films): The text.
    rounds (int): How many rounds.
    RETURNS (List[Tuple]): The name of each, and tokens per second for the
        reviews one by one and for ten of them joined to one document: medians of the rounds.
    """
    docs = films.docs
    joined = [Doc.from_docs(docs[i : i + JOINED]) for i in range(0, len(docs), JOINED)]
    texts = [
        [Example(films.nlp.make_doc(doc.text), doc) for doc in each] for each in (docs, joined)
    ]
    return [
        (name, *(_measure_speed(films, augmenter, examples, rounds) for examples in texts))
        for name, augmenter in make_augmenters().items()
    ]


def make_augmenters() -> dict[str, Augmenter]:
    """Make what is measured; misspellings where codespell is installed."""
    every: dict[str, Any] = dict.fromkeys(Edits().rates, 0.1)
    augmenters: dict[str, Augmenter] = {"default": Edits(), "every edit": Edits(**every)}
    table = find_codespell_table()
    if table is not None:
        augmenters["misspellings"] = Misspellings(table)
    return augmenters


def _measure_speed(
    films: Films, augmenter: Augmenter, examples: list[Example], rounds: int
) -> float:
    """Measure tokens per second: the median of some rounds."""

    def run() -> None:
        for example in examples:
            list(augmenter(films.nlp, example))

    tokens = sum(len(example.reference) for example in examples)
    return tokens / median(measure_seconds(run) for _ in range(rounds))
