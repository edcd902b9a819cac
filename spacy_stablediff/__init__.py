"""Diffuse token vectors along a document before spaCy's components see them."""

__version__ = "0.1.0"
