"""The commands of `python -m spacy stablediff`, one in each file.

spaCy imports this package through the entry point group `spacy_cli`; importing a
command's module adds it to the command line.
"""

from ._util import stablediff_cli
from .add import add_cli
from .annotate import annotate_cli
from .stability import stability_cli
from .tune import tune_cli
from .words import words_cli

__all__ = ["add_cli", "annotate_cli", "stability_cli", "stablediff_cli", "tune_cli", "words_cli"]
