"""Convert a file of WNUT 2017 to spaCy's format, with its own tokens.

WNUT 2017 Emerging and Rare Entity Recognition: Leon Derczynski, Eric Nichols, Marieke
van Erp and Nut Limsopatham (2017), CC-BY 4.0.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import spacy
import typer
from corpora import save_docs, stop
from spacy.tokens import Doc
from spacy.vocab import Vocab


def main(
    posts: Annotated[
        Path, typer.Argument(help="A token and its IOB tag a line, tab between", exists=True)
    ],
    output: Annotated[Path, typer.Argument(help="The .spacy file to write")],
) -> None:
    """Save the posts with their entities."""
    vocab = spacy.blank("en").vocab
    rows = list(read_posts(posts))
    save_docs((make_doc(vocab, row) for row in rows), output, total=len(rows))


def read_posts(path: Path) -> Iterator[list[tuple[str, str]]]:
    """Read the posts of a file, which lines without a token separate.

    path (Path): The file.
    YIELDS (List[Tuple[str, str]]): The tokens of a post, and their tags.
    """
    post: list[tuple[str, str]] = []
    for number, line in enumerate(path.read_text(encoding="utf8").split("\n"), start=1):
        if line.strip():
            post.append(parse_line(line, where=f"{path}, line {number}"))
        elif post:
            yield post
            post = []
    if post:
        yield post


def parse_line(line: str, *, where: str) -> tuple[str, str]:
    """Split a line into a token and its tag.

    line (str): The line.
    where (str): Where the line is, for the message if it has no two columns.
    RETURNS (Tuple[str, str]): The token and the tag.
    """
    columns = line.strip().split("\t")
    if len(columns) != 2:
        stop(f"{where}: {line!r}", "Expected a token, a tab and an IOB tag")
    return columns[0], columns[1]


def make_doc(vocab: Vocab, post: list[tuple[str, str]]) -> Doc:
    """Annotate a post with its entities.

    The data don't tell where there was space. As the document doesn't either, spaCy
    trains and evaluates with these tokens, in place of its tokenizer's.

    vocab (Vocab): The shared vocabulary.
    post (List[Tuple[str, str]]): The tokens and their IOB tags.
    RETURNS (Doc): The annotated document.
    """
    return Doc(vocab, words=[word for word, _ in post], ents=[tag for _, tag in post])


if __name__ == "__main__":
    typer.run(main)
