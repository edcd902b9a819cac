"""Convert the Broad Twitter Corpus to spaCy's format, with its own tokens.

Broad Twitter Corpus: Leon Derczynski, Kalina Bontcheva and Ian Roberts (2016), CC-BY 4.0.
Its sections differ in what is tweeted about, where and when. The split is the authors'.

They differ in what is an entity as well: of the "@" before the name of a user, section b, which is
trained on, labels one in seven as an entity of its own, the others nearly all.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import spacy
import typer
from corpora import Tagged, make_tagged_doc, read_tagged, repair_tags, save_docs
from wasabi import msg

SECTIONS = {"train": "abeg", "dev": "h", "test": "f"}


def main(
    tweets: Annotated[
        Path, typer.Argument(help="The folder of the sections, a.conll to h.conll", exists=True)
    ],
    folder: Annotated[Path, typer.Argument(help="Where to write train, dev and test.spacy")],
    without_at: Annotated[
        bool, typer.Option(help="Take no @ for an entity, in any section")
    ] = False,
) -> None:
    """Save the tweets of each part with their entities."""
    vocab = spacy.blank("en").vocab
    for name, sections in SECTIONS.items():
        paths = [tweets / f"{section}.conll" for section in sections]
        tagged = [row for path in paths for row in read_tagged(path, "\t")]
        rows = [repair_tags(leave_out_at(row) if without_at else row) for row in tagged]
        docs = (make_tagged_doc(vocab, row) for row in rows)
        tell_of_at(name, rows)
        save_docs(docs, folder / f"{name}.spacy", total=len(rows))


def leave_out_at(row: Iterable[Tagged]) -> list[Tagged]:
    """Take no @ for an entity, or for the beginning of one."""
    return [(word, "O" if word == "@" else tag) for word, tag in row]


def tell_of_at(name: str, rows: list[list[Tagged]]) -> None:
    """Tell how many @ are labelled."""
    tags = [tag for row in rows for word, tag in row if word == "@"]
    begun = sum(tag.startswith("B-") for row in rows for _, tag in row)
    labelled = len(tags) - tags.count("O")
    msg.info(f"{name}: {labelled:,} of {len(tags):,} @ are labelled, in {begun:,} entities")


if __name__ == "__main__":
    typer.run(main)
