"""The pipeline that a component belongs to."""

import warnings
import weakref
from collections.abc import Callable
from typing import Any

from spacy.language import Language
from spacy.training import Example

from ..errors import Errors, Warnings


class PipelineRef:
    """A reference to a pipeline that doesn't keep it alive and isn't pickled with it."""

    def __init__(self, nlp: Language | None = None):
        """Refer to a pipeline, or to none yet.

        nlp (Optional[Language]): The pipeline.
        """
        self._ref: Callable[[], Language | None] = _no_pipeline
        if nlp is not None:
            self.set(nlp)

    def __call__(self) -> Language | None:
        """Return the pipeline, None where it is gone or was never known."""
        return self._ref()

    def set(self, nlp: Language) -> None:
        """Refer to another pipeline."""
        self._ref = weakref.ref(nlp)

    def begin(self, component: Any, nlp: Language | None) -> Language:
        """Refer to the pipeline that a component is initialized in, and return it.

        component (Pipe): The component, with a name.
        nlp (Optional[Language]): The pipeline, as `initialize` got it.
        RETURNS (Language): The pipeline.
        RAISES (ValueError): SD011 if it got none.
        """
        if nlp is None:
            raise ValueError(Errors.SD011.format(name=component.name))
        self.set(nlp)
        return nlp

    def find(self, component: Any) -> Language | None:
        """Return the pipeline if it still holds a component, else None.

        component (Pipe): The component, with a name.
        RETURNS (Optional[Language]): The pipeline.
        """
        nlp = self()
        holds = nlp is not None and (component.name, component) in nlp.components
        return nlp if holds else None

    def require(self, component: Any, examples: list[Example]) -> Language:
        """Return the pipeline to train on examples, and warn if it may be another one's.

        A component that was sourced from a pipeline that is still there is held by both.

        component (Pipe): The component, with a name.
        examples (List[Example]): The examples.
        RETURNS (Language): The pipeline.
        RAISES (ValueError): SD026 if it isn't known.
        """
        nlp = self.find(component)
        if nlp is None:
            raise ValueError(Errors.SD026.format(name=component.name))
        if examples and examples[0].predicted.vocab is not nlp.vocab:
            warnings.warn(Warnings.SDW17.format(name=component.name), stacklevel=3)
        return nlp

    def __reduce__(self) -> tuple:
        """Pickle without the pipeline."""
        return PipelineRef, ()

    def __deepcopy__(self, memo: dict[int, Any]) -> "PipelineRef":
        """Refer to the copy of the pipeline where the pipeline is being copied."""
        nlp = self()
        copied = PipelineRef(memo.get(id(nlp), nlp))
        memo[id(self)] = copied
        return copied


def _no_pipeline() -> None:
    return None
