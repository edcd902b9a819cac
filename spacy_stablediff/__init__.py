"""Diffuse token vectors along a document before spaCy's components see them."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .about import __version__

if TYPE_CHECKING:
    from .component.attach import attach, detach
    from .component.know import know_words
    from .tuning.tune import tune
    from .view.render import render
    from .view.stability import measure_stability
    from .words.explain import explain_words

__all__ = [
    "__version__",
    "attach",
    "detach",
    "explain_words",
    "know_words",
    "measure_stability",
    "render",
    "tune",
]

# Public names, and the modules they are loaded from at first use: spaCy's entry
# points import this package too, and need none of them.
LAZY = {
    "attach": "component.attach",
    "detach": "component.attach",
    "explain_words": "words.explain",
    "know_words": "component.know",
    "measure_stability": "view.stability",
    "render": "view.render",
    "tune": "tuning.tune",
}


def __getattr__(name: str) -> Any:
    """Load a public name at its first use."""
    if name not in LAZY:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    return getattr(import_module(f"{__name__}.{LAZY[name]}"), name)
