"""Which words of a document are diffused over the graph of words, and what they are made of."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy
from spacy.language import Language
from spacy.tokens import Doc
from thinc.api import Model

from ..errors import Errors
from .lazy import find_holders, find_mixed
from .texts import read_texts


@dataclass(frozen=True)
class DiffusedWord:
    """A word that is diffused, and what it is made of.

    index (int): The place of its token in the document.
    text (str): The token's text.
    component (str): The component that embeds it.
    sources (List[Tuple[str, float]]): Forms of words, its own maybe among them, with their
        weights in its embedding, which sum to 1, the largest first.
    """

    index: int
    text: str
    component: str
    sources: list[tuple[str, float]]


def explain_words(
    nlp: Language, doc: Doc | str, *, component: str | None = None
) -> list[DiffusedWord]:
    """Tell which words of a document are diffused over the graph of words, and from what.

    nlp (Language): A pipeline with `spacy-stablediff.WordGraphTok2Vec.v1`.
    doc (Union[Doc, str]): A document, processed or not, or a text.
    component (Optional[str]): The component whose words to look at; by default all.
    RETURNS (List[DiffusedWord]): The words, in their order.
    RAISES (ValueError): SD070 if no component has a graph of words, or not that one.
    """
    layers = {name: list(find_holders(pipe)) for name, pipe in nlp.pipeline}
    names = [name for name in layers if layers[name]]
    if not names or component not in (None, *names):
        place = "the pipeline" if component is None else f"component '{component}'"
        raise ValueError(Errors.SD070.format(name=place, opts=", ".join(names) or "none"))
    doc = nlp.make_doc(doc) if isinstance(doc, str) else doc
    chosen = names if component is None else [component]
    words = [
        word for name in chosen for layer in layers[name] for word in _explain(layer, doc, name)
    ]
    return sorted(words, key=lambda word: word.index)


def count_read_as_others(nlp: Language, docs: Iterable[Doc]) -> Counter[tuple[str, str]]:
    """Count the words that a pipeline embeds as another form more than as themselves.

    nlp (Language): A pipeline, with a graph of words or without.
    docs (Iterable[Doc]): Documents.
    RETURNS (Counter[Tuple[str, str]]): How often each word was read as each other form.
    """
    layers = [(name, layer) for name, pipe in nlp.pipeline for layer in find_holders(pipe)]
    words = [word for doc in docs for name, layer in layers for word in _explain(layer, doc, name)]
    return Counter(
        (word.text, word.sources[0][0]) for word in words if word.sources[0][0] != word.text
    )


def _explain(layer: Model, doc: Doc, component: str) -> list[DiffusedWord]:
    """Tell which words of a document a layer diffuses, and from what."""
    mixed = find_mixed(layer, read_texts([doc]))
    if mixed is None:
        return []
    shares = list(zip(mixed.sources.tolist(), mixed.weights.tolist(), strict=True))
    ends = numpy.cumsum(mixed.lengths).tolist()
    words = []
    for token, start, end in zip(mixed.tokens.tolist(), [0, *ends], ends, strict=False):
        sources = [(mixed.forms[source], weight) for source, weight in shares[start:end]]
        sources.sort(key=lambda source: -source[1])
        words.append(DiffusedWord(token, doc[token].text, component, sources))
    return words
