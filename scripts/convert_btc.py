"""Convert the Broad Twitter Corpus to spaCy's format, with its own tokens.

Broad Twitter Corpus: Leon Derczynski, Kalina Bontcheva and Ian Roberts (2016), CC-BY 4.0.
Its sections differ in what is tweeted about, where and when. The split is the authors'.
"""

from pathlib import Path
from typing import Annotated

import spacy
import typer
from corpora import make_tagged_doc, read_tagged, repair_tags, save_docs

SECTIONS = {"train": "abeg", "dev": "h", "test": "f"}


def main(
    tweets: Annotated[
        Path, typer.Argument(help="The folder of the sections, a.conll to h.conll", exists=True)
    ],
    folder: Annotated[Path, typer.Argument(help="Where to write train, dev and test.spacy")],
) -> None:
    """Save the tweets of each part with their entities."""
    vocab = spacy.blank("en").vocab
    for name, sections in SECTIONS.items():
        paths = [tweets / f"{section}.conll" for section in sections]
        rows = [repair_tags(row) for path in paths for row in read_tagged(path, "\t")]
        docs = (make_tagged_doc(vocab, row) for row in rows)
        save_docs(docs, folder / f"{name}.spacy", total=len(rows))


if __name__ == "__main__":
    typer.run(main)
