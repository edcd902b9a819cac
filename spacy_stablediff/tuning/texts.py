"""What a pipeline is tuned on: texts with its own annotation, or with gold annotation."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import srsly
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Corpus as SpacyCorpus
from spacy.training import Example

from ..edits.casing import has_single_case
from ..errors import Errors
from ..measure.data import copy_tokens, drop_vectors, read_lines, tokenize_alike
from .gold import check_labels, has_gold
from .labels import harden_labels

Texts: TypeAlias = str | Path | Iterable[str | Doc | Example]

# One text in so many is held out.
HELD_OUT = 10


class Parts(NamedTuple):
    """Examples to train on, and others to choose by; they hold documents to learn from.

    train (List[Example]): Those to train on.
    held_out (List[Example]): Those to choose by.
    """

    train: list[Example]
    held_out: list[Example]


class Corpus(NamedTuple):
    """Texts with annotation to learn.

    examples (List[Example]): An example for each text that has words.
    has_gold (bool): Whether the annotation of all is gold.
    """

    examples: list[Example]
    has_gold: bool


def read_texts(nlp: Language, texts: Texts, names: Sequence[str] = ()) -> Corpus:
    """Read texts, annotated by a pipeline where they come without annotation.

    Texts in a single case that come without are left out: what a pipeline says of them is
    what tuning is to mend.

    nlp (Language): The pipeline.
    texts (Union[str, Path, Iterable[Union[str, Doc, Example]]]): The path of a .txt file
        with a text a line, of a .jsonl file with a "text" in each line, of a .spacy file
        or a folder of .spacy files; or texts, or documents or examples with gold annotation.
    names (Sequence[str]): The components that are to learn. Documents without annotation for
        any of them are taken for texts.
    RETURNS (Corpus): The texts.
    RAISES (ValueError): SD190 if there is no such file or it is of another kind, SD191
        if it can't be read, SD192 if it has fewer than two texts with words, SD193 for
        objects of another type, SD197 if some are annotated for a part of the components,
        SD198 if one of these doesn't know a label.
    """
    items = list(_read_path(nlp, Path(texts)) if isinstance(texts, (str, Path)) else texts)
    read = [(_make_doc(nlp, item), not isinstance(item, str)) for item in items]
    docs = [(doc, may and has_gold(nlp, names, doc)) for doc, may in read if doc.text.strip()]
    gold = [doc for doc, is_gold in docs if is_gold]
    check_labels(nlp, names, gold)
    examples = list(_annotate(nlp, docs))
    if len(examples) < 2:
        cased = len(docs) - len(examples)
        raise ValueError(Errors.SD192.format(count=len(docs), cased=cased))
    return Corpus(examples, len(gold) == len(docs))


def split(examples: list[Example]) -> Parts:
    """Hold one example in `HELD_OUT` out, at least one, evenly over all."""
    step = min(HELD_OUT, len(examples))
    held_out = examples[step - 1 :: step]
    return Parts([eg for i, eg in enumerate(examples) if (i + 1) % step], held_out)


def _read_path(nlp: Language, path: Path) -> Iterator[str | Doc]:
    suffixes = [".spacy"] if path.is_dir() else [".txt", ".jsonl", ".spacy"]
    files = [path] if path.is_file() else list(path.rglob("*.spacy"))
    if not files or any(file.suffix not in suffixes for file in files):
        raise ValueError(Errors.SD190.format(path=path))
    try:
        if path.suffix == ".txt":
            yield from read_lines(path)
        elif path.suffix == ".jsonl":
            lines = filter(str.strip, read_lines(path))
            yield from (_get_text(srsly.json_loads(line)) for line in lines)
        else:
            yield from (eg.reference for eg in SpacyCorpus(path)(nlp))
    except (UnicodeDecodeError, TypeError) as error:
        raise ValueError(Errors.SD191.format(path=path, problem=error)) from None
    except ValueError as error:
        problem = " ".join(str(error).split())
        raise ValueError(Errors.SD191.format(path=path, problem=problem)) from None


def _get_text(line: Any) -> str:
    if not isinstance(line, dict) or not isinstance(line.get("text"), str):
        raise TypeError(f'{line!r:.80} has no string "text"')
    return line["text"]


def _make_doc(nlp: Language, item: Any) -> Doc:
    """Return the document that an item is, or holds the annotation of, or is the text of."""
    if isinstance(item, str):
        return nlp.make_doc(item)
    if isinstance(item, Example):
        return item.reference
    if isinstance(item, Doc):
        return item
    raise ValueError(Errors.SD193.format(value=type(item).__name__))


def _annotate(nlp: Language, docs: list[tuple[Doc, bool]]) -> Iterator[Example]:
    """Make an example of each document: gold annotation stays, others get the pipeline's own.

    docs (List[Tuple[Doc, bool]]): The documents, each with whether it has gold annotation.
    """
    predicted = nlp.pipe(tokenize_alike(nlp, doc) for doc, is_gold in docs if not is_gold)
    for doc, is_gold in docs:
        if is_gold:
            yield Example(tokenize_alike(nlp, doc), doc)
        elif not has_single_case(made := harden_labels(nlp, next(predicted))):
            drop_vectors(made)
            yield Example(copy_tokens(nlp.vocab, made), made)
