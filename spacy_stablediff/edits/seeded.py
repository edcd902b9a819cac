"""What the augmenters of this package have in common."""

import copy
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any, ClassVar, TypeVar

import numpy
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example

from ..checks import is_number, is_whole
from ..errors import Errors
from .copying import copy_edited
from .original import record_original
from .plan import Plan

Same = TypeVar("Same", bound="SeededAugmenter")


class SeededAugmenter(ABC):
    """An augmenter that yields one edited copy of each example.

    The seed fixes the sequence of edits, so the same documents in the same order get
    the same edits, and each time that a corpus is read it gets new ones. spaCy reads it once for
    all epochs, unless [training] max_epochs is -1.
    """

    name: ClassVar[str]  # in the registry of augmenters
    makes_errors: ClassVar[bool] = True  # else its copies are texts in their own right

    def __init__(self, seed: int) -> None:
        """Begin with the first edits of a seed.

        seed (int): The seed >= 0 of the random choices.
        RAISES (ValueError): SD102 if the seed is not a whole number >= 0.
        """
        if not is_whole(seed):
            raise ValueError(Errors.SD102.format(augmenter=self.name, value=seed))
        self.seed = int(seed)
        self._restart()

    @property
    @abstractmethod
    def settings(self) -> dict[str, Any]:
        """The arguments that make such an augmenter."""

    @property
    def config(self) -> dict[str, Any]:
        """The augmenter as a config block."""
        return {"@augmenters": self.name, **self.settings}

    def restarted(self: Same, place: int = 0) -> Same:
        """Return the same augmenter as it was at first, about to make the same edits.

        place (int): A document of a corpus, from 0: the first document edited then gets
            edits that depend on the seed and this place alone, so that parts of a corpus
            can be edited apart.
        RETURNS (SeededAugmenter): The augmenter.
        """
        augmenter = copy.copy(self)
        augmenter._restart(place)
        return augmenter

    def __call__(self, nlp: Language, example: Example) -> Iterator[Example]:
        """Edit a copy of an example.

        nlp (Language): The pipeline, whose tokenizer is used.
        example (Example): The example, which is not modified.
        YIELDS (Example): The edited example; an empty one as it is.
        """
        if len(example.reference) == 0:
            yield example
            return
        edited = copy_edited(nlp, example, self._plan(example.reference))
        if self.makes_errors:
            record_original(example.predicted, edited.predicted)
        yield edited

    def _check_rate(self, setting: str, value: Any) -> None:
        """Raise SD100 unless a setting is a rate."""
        if not is_number(value, least=0, most=1):
            raise ValueError(Errors.SD100.format(augmenter=self.name, setting=setting, value=value))

    def _restart(self, place: int = 0) -> None:
        self._rng = numpy.random.default_rng([self.seed, 0, place])

    @abstractmethod
    def _plan(self, doc: Doc) -> Plan:
        """Choose what a document becomes."""
