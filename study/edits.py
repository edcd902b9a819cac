"""The edits of the study: what the plan trains with, and what it measures under."""

from collections.abc import Callable, Iterator
from typing import Any

# Registers its augmenters.
import augmenty  # noqa: F401
from spacy.language import Language
from spacy.training import Corpus, Example
from spacy.util import registry

from spacy_stablediff.edits.misspellings import Misspellings, find_codespell_table

from .plan import Plan, list_edits

Augmenter = Callable[[Language, Example], Iterator[Example]]


@registry.augmenters("study.keep.v1")
def make_keep(augmenter: Augmenter) -> Augmenter:
    """Create an augmenter that yields each text as it is, then what another makes of it."""

    def keep(nlp: Language, example: Example) -> Iterator[Example]:
        yield example
        yield from augmenter(nlp, example)

    return keep


@registry.readers("study.shuffled.v1")
def make_shuffled(corpus: Corpus) -> Corpus:
    """Have a corpus of spacy.Corpus.v1 come in another order each time that it is read."""
    corpus.shuffle = True
    return corpus


@registry.augmenters("study.codespell.v1")
def make_codespell(rate: float, seed: int) -> Misspellings:
    """Create an augmenter of the misspellings that codespell knows.

    rate (float): How often a word that has a misspelling is misspelt, from 0 to 1.
    seed (int): The seed >= 0 of the random choices.
    RETURNS (Misspellings): The augmenter.
    RAISES (ValueError): If codespell is not installed.
    """
    table = find_codespell_table()
    if table is None:
        raise ValueError("The study misspells words as codespell knows it: pip install codespell")
    # Whole words came after most of the runs.
    return Misspellings(table, rate, seed, split_words=False)


def make_test_edits(plan: Plan, data: str) -> dict[str, Any]:
    """Create the augmenters that pipelines are measured under on a data set, by name."""
    return registry.resolve({name: plan["test_edits"][name] for name in list_edits(plan, data)})
