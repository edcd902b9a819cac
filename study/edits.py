"""The edits of the study: what the plan trains with, and what it measures under."""

from collections.abc import Callable, Iterator
from typing import Any

# Registers its augmenters.
import augmenty  # noqa: F401
from spacy.language import Language
from spacy.training import Example
from spacy.util import registry

from .plan import Plan

Augmenter = Callable[[Language, Example], Iterator[Example]]


@registry.augmenters("study.keep.v1")
def make_keep(augmenter: Augmenter) -> Augmenter:
    """Create an augmenter that yields each text as it is, then what another makes of it."""

    def keep(nlp: Language, example: Example) -> Iterator[Example]:
        yield example
        yield from augmenter(nlp, example)

    return keep


def make_test_edits(plan: Plan) -> dict[str, Any]:
    """Create the augmenters that the plan's pipelines are measured under, by name."""
    return registry.resolve(plan["test_edits"])
