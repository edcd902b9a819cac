"""Convert Dutch newspapers, as OCR read them, to spaCy's format, with their own tokens.

Europeana Newspapers NER Corpora, Dutch (Koninklijke Bibliotheek): Europeana Newspapers
Project, 2012-2015, CC0. The file has no boundaries of articles or sentences, so that it
is cut into pieces where sentences end.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Annotated

import spacy
import typer
from corpora import Tagged, make_tagged_doc, read_tagged, repair_tags, save_docs

SHORTEST, LONGEST = 40, 120  # tokens of a piece
ENDS_SENTENCE = re.compile(r"[.!?][\"'»)]*$")
SHARES = {"train": 0.6, "dev": 0.15, "test": 0.25}


def main(
    newspapers: Annotated[
        Path, typer.Argument(help="A token and its IOB tag a line, a blank between", exists=True)
    ],
    folder: Annotated[Path, typer.Argument(help="Where to write train, dev and test.spacy")],
) -> None:
    """Save the pieces with their entities, in their order, for neighbours share topics."""
    vocab = spacy.blank("nl").vocab
    tagged = repair_tags(chain.from_iterable(read_tagged(newspapers, " ")))
    for name, pieces in split_in_order(list(cut_pieces(tagged))).items():
        docs = (make_tagged_doc(vocab, piece) for piece in pieces)
        save_docs(docs, folder / f"{name}.spacy", total=len(pieces))


def cut_pieces(tagged: Sequence[Tagged]) -> Iterator[Sequence[Tagged]]:
    """Cut a text into pieces, none of which is too short; a rest that is, is left out.

    tagged (Sequence[Tagged]): The tokens, and their well-formed tags.
    YIELDS (Sequence[Tagged]): The pieces.
    """
    start = 0
    while len(tagged) - start >= SHORTEST:
        end = find_end(tagged, start)
        yield tagged[start:end]
        start = end


def find_end(tagged: Sequence[Tagged], start: int) -> int:
    """Find where a piece ends: with a sentence, or else before it gets too long.

    tagged (Sequence[Tagged]): The tokens, and their well-formed tags.
    start (int): The first token of the piece.
    RETURNS (int): The token after its last. No entity is cut.
    """
    last = min(start + LONGEST, len(tagged))
    for end in range(start + SHORTEST, last + 1):
        word, tag = tagged[end - 1]
        if tag == "O" and ENDS_SENTENCE.search(word):
            return end
    while last < len(tagged) and tagged[last][1].startswith("I-"):
        last -= 1
    return last


def split_in_order(
    pieces: Sequence[Sequence[Tagged]],
) -> dict[str, Sequence[Sequence[Tagged]]]:
    """Split pieces without shuffling them.

    pieces (Sequence[Sequence[Tagged]]): The pieces.
    RETURNS (Dict[str, Sequence[Sequence[Tagged]]]): The pieces of each part of `SHARES`.
    """
    first = round(SHARES["train"] * len(pieces))
    second = first + round(SHARES["dev"] * len(pieces))
    return {"train": pieces[:first], "dev": pieces[first:second], "test": pieces[second:]}


if __name__ == "__main__":
    typer.run(main)
