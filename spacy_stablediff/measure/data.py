"""Texts to measure stability on, from whatever holds them."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import numpy
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Corpus, Example
from spacy.vocab import Vocab

from ..errors import Errors
from ..types import Array

# Where transformers keep what they make of a document: doc._.trf_data.
TRANSFORMER_DATA: Any = ("._.", "trf_data", None, None)

Data: TypeAlias = str | Path | Iterable[Example | Doc | str]


def check_data(data: Data) -> None:
    """Raise SD113 or SD114 if data that a path names isn't there, or of no known kind.

    data (Union[str, Path, Iterable]): The data.
    """
    if not isinstance(data, (str, Path)):
        return
    path = Path(data)
    if not path.exists():
        raise ValueError(Errors.SD113.format(path=path))
    files = path.rglob("*.spacy") if path.is_dir() else [path]
    if not any(file.suffix in (".spacy", ".txt") for file in files):
        raise ValueError(Errors.SD114.format(path=path))


def read_data(nlp: Language, data: Data) -> Iterator[Example]:
    """Read data as examples of unannotated documents.

    nlp (Language): The pipeline that the examples are for.
    data (Union[str, Path, Iterable[Union[Example, Doc, str]]]): The path of a .spacy file,
        of a directory of them or of a .txt file with a text a line; or examples,
        documents, whose annotation counts as gold, or texts.
    YIELDS (Example): The examples.
    RAISES (ValueError): SD113 to SD115 where a path can't be read, SD117 for objects of
        another type.
    """
    check_data(data)
    if isinstance(data, (str, Path)):
        yield from _read_path(nlp, Path(data))
    else:
        yield from (_make_example(nlp, item) for item in data)


def name_data(data: Data) -> str | None:
    """Return the path of data, None where it has none."""
    return str(data) if isinstance(data, (str, Path)) else None


def may_have_gold(data: Data) -> bool:
    """Tell whether data may have gold annotation: texts in a file have none."""
    return not (isinstance(data, (str, Path)) and Path(data).suffix == ".txt")


def read_lines(path: Path) -> Iterator[str]:
    """Read the lines of a file that aren't empty, as spaCy does, but for a mark of the byte order.

    path (Path): The file, in UTF-8.
    YIELDS (str): The lines, without their ends.
    """
    with path.open(encoding="utf-8-sig") as file:
        yield from filter(None, (line.rstrip("\n") for line in file))


def copy_tokens(vocab: Vocab, doc: Doc) -> Doc:
    """Copy a document's tokens without its annotation.

    vocab (Vocab): The vocab of the copy, which has the vectors and labels of its pipeline.
    doc (Doc): The document.
    RETURNS (Doc): The copy.
    """
    words, spaces = [token.text for token in doc], [bool(token.whitespace_) for token in doc]
    copy = Doc(vocab, words=words, spaces=spaces)
    if len(doc):
        # The tokenizer gives parts of words others than the vocab does, as to "n't" in "can't".
        norms: Array = numpy.asarray([vocab.strings.add(token.norm_) for token in doc], "uint64")
        copy.from_array(["NORM"], norms[:, None])
    return copy


def drop_vectors(doc: Doc) -> None:
    """Drop the vectors of a document, which take more memory than all else that it holds.

    doc (Doc): The document, which is modified: doc.tensor, and what a transformer keeps of it.
    """
    doc.tensor = numpy.zeros((0,), dtype="float32")
    doc.user_data.pop(TRANSFORMER_DATA, None)


def tokenize_alike(nlp: Language, doc: Doc) -> Doc:
    """Tokenize a document's text, as the pipeline and the edited copies are; as `spacy.Corpus` does.

    Only where the spaces between its tokens are unknown do they stay, if the tokenizer doesn't make
    the same. Those that were saved have lost what it tells of a token besides its text.

    nlp (Language): The pipeline.
    doc (Doc): The document.
    RETURNS (Doc): A document without annotation.
    """
    made = nlp.make_doc(doc.text)
    alike = [token.text for token in made] == [token.text for token in doc]
    return copy_tokens(nlp.vocab, doc) if doc.has_unknown_spaces and not alike else made


def _read_path(nlp: Language, path: Path) -> Iterator[Example]:
    try:
        if path.suffix == ".txt":
            yield from (_make_example(nlp, line) for line in read_lines(path))
        else:
            yield from Corpus(path)(nlp)
    except UnicodeDecodeError as error:
        raise ValueError(Errors.SD115.format(path=path, problem=error)) from None


def _make_example(nlp: Language, item: Example | Doc | str) -> Example:
    if isinstance(item, Example):
        if item.predicted.vocab is nlp.vocab:
            return item
        return Example(copy_tokens(nlp.vocab, item.predicted), item.reference)
    if isinstance(item, Doc):
        return Example(tokenize_alike(nlp, item), item)
    if isinstance(item, str):
        doc = nlp.make_doc(item)
        return Example(doc, doc.copy())
    raise ValueError(Errors.SD117.format(value=type(item).__name__))
