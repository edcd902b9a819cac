"""Types that several parts of the package share."""

from collections.abc import Callable, Iterator
from typing import Any, Literal, TypeAlias

from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example
from thinc.api import Model
from thinc.types import Floats2d

# Of numpy or cupy. Docstrings give the dimensions.
Array: TypeAlias = Any

# Vectors of documents, shape (tokens, width) each, and what takes their gradients.
Batch: TypeAlias = list[Floats2d]
Backprop: TypeAlias = Callable[[Batch], Any]

Diffusion: TypeAlias = Model[Batch, Batch]
Embedding: TypeAlias = Model[list[Doc], Batch]

# What spaCy calls an augmenter: it yields edited copies of an example.
Augmenter: TypeAlias = Callable[[Language, Example], Iterator[Example]]

# Where diffusion stops.
Boundaries: TypeAlias = Literal["doc", "sentence"]
