"""Diffuse token vectors along a document before spaCy's components see them."""

from .attach import attach, detach

__all__ = ["attach", "detach"]
__version__ = "0.1.0"
