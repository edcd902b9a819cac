"""The commands `python -m spacy stablediff ...`, one in each module."""

import typer
from spacy.cli._util import app

HELP = "Commands to diffuse token vectors along a document with spacy-stablediff."

stablediff_cli = typer.Typer(name="stablediff", help=HELP, no_args_is_help=True)
app.add_typer(stablediff_cli)

from . import add  # noqa: E402, F401
