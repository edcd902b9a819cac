"""What a pipeline is tuned on: texts with its own annotation, or with gold annotation."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import srsly
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Corpus as SpacyCorpus
from spacy.training import Example

from ..edits.casing import has_single_case
from ..errors import Errors
from ..measure.data import copy_tokens
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
    has_gold (bool): Whether the annotation of any is gold.
    """

    examples: list[Example]
    has_gold: bool


def read_texts(nlp: Language, texts: Texts) -> Corpus:
    """Read texts, annotated by a pipeline where they come without annotation.

    Texts in a single case that come without are left out: what a pipeline says of them is
    what tuning is to mend.

    nlp (Language): The pipeline.
    texts (Union[str, Path, Iterable[Union[str, Doc, Example]]]): The path of a .txt file
        with a text a line, of a .jsonl file with a "text" in each line, of a .spacy file
        or a folder of those; or texts, or documents or examples with gold annotation.
    RETURNS (Corpus): The texts.
    RAISES (ValueError): SD190 if there is no such file or it is of another kind, SD191
        if it can't be read, SD192 if it has fewer than two texts with words, SD193 for
        objects of another type.
    """
    items = list(_read_path(nlp, Path(texts)) if isinstance(texts, (str, Path)) else texts)
    examples = [eg for eg in _annotate(nlp, items) if eg.predicted.text.strip()]
    if len(examples) < 2:
        raise ValueError(Errors.SD192)
    return Corpus(examples, not all(isinstance(item, str) for item in items))


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
            yield from (line for line in path.read_text(encoding="utf8").splitlines() if line)
        elif path.suffix == ".jsonl":
            yield from (_get_text(line) for line in srsly.read_jsonl(path))
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


def _annotate(nlp: Language, items: list[Any]) -> Iterator[Example]:
    """Make an example of each item: gold annotation stays, texts get the pipeline's own."""
    strange = [item for item in items if not isinstance(item, (str, Doc, Example))]
    if strange:
        raise ValueError(Errors.SD193.format(value=type(strange[0]).__name__))
    texts = nlp.pipe(item for item in items if isinstance(item, str))
    for item in items:
        if not isinstance(item, str):
            doc = item.reference if isinstance(item, Example) else item
        elif has_single_case(doc := harden_labels(nlp, next(texts))):
            continue
        yield Example(copy_tokens(nlp.vocab, doc), doc)
