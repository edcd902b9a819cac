"""Convert a file of WNUT 2017 to spaCy's format, with its own tokens.

WNUT 2017 Emerging and Rare Entity Recognition: Leon Derczynski, Eric Nichols, Marieke
van Erp and Nut Limsopatham (2017), CC-BY 4.0.
"""

from pathlib import Path
from typing import Annotated

import spacy
import typer
from corpora import make_tagged_doc, read_tagged, save_docs


def main(
    posts: Annotated[
        Path, typer.Argument(help="A token and its IOB tag a line, tab between", exists=True)
    ],
    output: Annotated[Path, typer.Argument(help="The .spacy file to write")],
) -> None:
    """Save the posts with their entities."""
    vocab = spacy.blank("en").vocab
    rows = list(read_tagged(posts, "\t"))
    save_docs((make_tagged_doc(vocab, row) for row in rows), output, total=len(rows))


if __name__ == "__main__":
    typer.run(main)
