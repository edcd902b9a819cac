"""What the conversion scripts share: reading and splitting rows, labelling and saving documents."""

import random
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NoReturn, TypeVar

from spacy.tokens import Doc, DocBin
from spacy.vocab import Vocab
from tqdm import tqdm
from wasabi import msg

# Where spaCy's factory looks for spans.
SPANS_KEY = "sc"

Row = TypeVar("Row")
Tagged = tuple[str, str]  # a token and its IOB tag


def split_rows(
    rows: Iterable[Row], *, label: Callable[[Row], str], held_out: float, seed: int
) -> dict[str, list[Row]]:
    """Shuffle rows and split them, with the same mix of labels in each part.

    rows (Iterable[Row]): The rows.
    label (Callable[[Row], str]): Returns the label of a row.
    held_out (float): The share of the rows that goes to "dev", and again to "test".
    seed (int): The seed of the shuffle.
    RETURNS (Dict[str, List[Row]]): The rows of "train", "dev" and "test".
    """
    shuffled = list(rows)
    random.Random(seed).shuffle(shuffled)
    parts: dict[str, list[Row]] = {"train": [], "dev": [], "test": []}
    for value in sorted({label(row) for row in shuffled}):
        group = [row for row in shuffled if label(row) == value]
        size = round(held_out * len(group))
        parts["dev"] += group[:size]
        parts["test"] += group[size : 2 * size]
        parts["train"] += group[2 * size :]
    return parts


def one_hot(label: str, labels: Sequence[str]) -> dict[str, float]:
    """Return `doc.cats` for exclusive classes: 1.0 for the label, 0.0 for the others.

    label (str): The label of a document.
    labels (Sequence[str]): All labels.
    RETURNS (Dict[str, float]): A value for each label.
    """
    if label not in labels:
        stop(f"Unknown label '{label}'", f"The labels are: {', '.join(labels)}")
    return {name: float(name == label) for name in labels}


def read_tagged(path: Path, separator: str) -> Iterator[list[Tagged]]:
    """Read the texts of a file, which blank lines separate.

    path (Path): The file, with a token and its IOB tag a line.
    separator (str): What stands between the two.
    YIELDS (List[Tagged]): The tokens of a text, and their tags. Tokens without a
        character, which some files have, are left out.
    """
    text: list[Tagged] = []
    for number, line in enumerate(path.read_text(encoding="utf8").split("\n"), start=1):
        word, found, tag = line.rstrip().rpartition(separator)
        if word.strip():
            text.append((word.strip(), tag))
        elif line.strip() and not found:
            hint = f"Expected a token, {separator!r} and an IOB tag"
            stop(f"{path}, line {number}: {line!r}", hint)
        elif text and not line.strip():
            yield text
            text = []
    if text:
        yield text


def repair_tags(text: Iterable[Tagged]) -> list[Tagged]:
    """Let an entity begin with B-, also where an I- follows no token of the same kind.

    text (Iterable[Tagged]): The tokens of a text, and their tags.
    RETURNS (List[Tagged]): The same with well-formed tags.
    """
    repaired, before = [], "O"
    for word, tag in text:
        begins = tag.startswith("I-") and tag[2:] != before[2:]
        repaired.append((word, f"B-{tag[2:]}" if begins else tag))
        before = tag
    return repaired


def make_tagged_doc(vocab: Vocab, text: Sequence[Tagged]) -> Doc:
    """Annotate a text with its entities, and the same as spans for `spancat`.

    The data don't tell where there was space. As the document doesn't either, spaCy
    trains and evaluates with these tokens, in place of its tokenizer's.

    vocab (Vocab): The shared vocabulary.
    text (Sequence[Tagged]): The tokens of the text, and their tags.
    RETURNS (Doc): The annotated document.
    """
    doc = Doc(vocab, words=[word for word, _ in text], ents=[tag for _, tag in text])
    doc.spans[SPANS_KEY] = list(doc.ents)
    return doc


def save_docs(docs: Iterable[Doc], path: Path, *, total: int) -> None:
    """Write documents to a .spacy file, with a progress bar where there is a terminal.

    docs (Iterable[Doc]): The documents.
    path (Path): The file, in a folder that is created where it is missing.
    total (int): The number of documents, for the progress bar.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    corpus = DocBin(docs=tqdm(docs, desc=path.stem, total=total, leave=False, disable=None))
    corpus.to_disk(path)
    msg.good(f"{path}: {len(corpus)} documents")


def stop(problem: str, hint: str) -> NoReturn:
    """End the script because its input can't be used.

    problem (str): What is wrong, and where.
    hint (str): What was expected.
    """
    msg.fail(problem, hint)
    sys.exit(1)
