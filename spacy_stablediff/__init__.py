"""Diffuse token vectors along a document before spaCy's components see them."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .attachment import attach, detach
    from .known_words import know_words
    from .stability.measure import measure_stability
    from .stability.render import render

__version__ = "0.1.0"
__all__ = ["attach", "detach", "know_words", "measure_stability", "render"]

# Public names, and the modules they are loaded from at first use: spaCy's entry
# points import this package too, and need none of them.
LAZY = {
    "attach": "spacy_stablediff.attachment",
    "detach": "spacy_stablediff.attachment",
    "know_words": "spacy_stablediff.known_words",
    "measure_stability": "spacy_stablediff.stability.measure",
    "render": "spacy_stablediff.stability.render",
}


def __getattr__(name: str) -> Any:
    """Load a public name at its first use."""
    if name not in LAZY:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    return getattr(import_module(LAZY[name]), name)
