"""The graph of words as an attribute of layers, which is made when it is asked for."""

from collections.abc import Iterator, Mapping
from operator import is_
from typing import Any, NamedTuple

import numpy
from spacy.tokens import Doc
from spacy.vectors import Vectors
from spacy.vocab import Vocab
from thinc.api import Model

from ..wiring.nodes import walk_nodes
from ..wiring.settings import FromConfig
from .counting import Words
from .graph import WordGraph
from .known import find_words
from .memory import LinkMemory
from .mixing import Mixed, mix_forms
from .texts import Texts, find_named

# The attributes of a layer: the graph, whether words that have a static vector count as seen, and
# whether tokens are known by their NORMs.
GRAPH = "graph"
HAS_VECTORS = "has_vectors"
BY_NORM = "by_norm"

# By what share more steps may have counted words since a graph was made that training goes on with.
# In the first epoch they all do, and making it takes longer than a step.
GROWTH = 0.1


class Source(NamedTuple):
    """What a graph was made from, as it was then.

    words (Words): The words.
    version (int): How often words were counted.
    vocab (Optional[Vocab]): Where words of an earlier training are spelt, if there are any.
    vectors (Optional[Vectors]): The static vectors whose words are nodes.
    keys (int): How many words have one.
    """

    words: Words
    version: int
    vocab: Vocab | None
    vectors: Vectors | None
    keys: int

    @classmethod
    def read(cls, words: Words, vocab: Vocab, *, has_vectors: bool) -> "Source":
        """Read what a graph is to be made from, as it is now. Arguments as in `LazyGraph.get`."""
        vectors = vocab.vectors if has_vectors else None
        speller = vocab if len(words.seen) > len(words.texts) else None
        keys = 0 if vectors is None else vectors.n_keys
        return cls(words, words.version, speller, vectors, keys)

    def serves(self, later: "Source", growth: float) -> bool:
        """Tell whether what was made from it serves in place of what would come of a later one."""
        own = self.words, self.vocab, self.vectors
        are_same = all(map(is_, own, (later.words, later.vocab, later.vectors)))
        is_near = later.version <= (1 + growth) * self.version
        return are_same and is_near and self.keys == later.keys


class LazyGraph(FromConfig):
    """The graph of a layer's words, made anew where words were counted, or got vectors, since."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        """Make no graph yet.

        settings (Mapping[str, Any]): The settings of `WordGraph`.
        """
        self.settings = settings
        self._made: tuple[Source, LinkMemory] | None = None

    def changed(self, settings: Mapping[str, Any]) -> "LazyGraph":
        """Return the graph with other settings.

        settings (Mapping[str, Any]): Those that differ.
        RETURNS (LazyGraph): The graph.
        """
        return LazyGraph({**self.settings, **settings})

    def get(
        self, words: Words, vocab: Vocab, *, has_vectors: bool, growth: float = 0.0
    ) -> LinkMemory:
        """Return the links of the graph of words.

        words (Words): The words, as they were counted so far.
        vocab (Vocab): Where those of an earlier training are spelt, and static vectors are.
        has_vectors (bool): Whether words that have a static vector are nodes.
        growth (float): By what share more steps may have counted words since it was made.
        RETURNS (LinkMemory): The links.
        """
        source = Source.read(words, vocab, has_vectors=has_vectors)
        made = self._made
        if made is None or not made[0].serves(source, growth):
            graph = WordGraph(words, vocab, has_vectors=has_vectors, **self.settings)
            self._made = made = source, LinkMemory(graph)
        return made[1]

    def forget(self) -> None:
        """Forget what forms are diffused from, as if none had been met."""
        if self._made is not None:
            self._made[1].forget()

    def __getstate__(self) -> dict[str, Any]:
        """Leave the graph out of copies, which make their own."""
        return {"settings": self.settings, "_made": None}


def find_mixed(model: Model, texts: Texts, *, is_train: bool = False) -> Mixed | None:
    """Find the tokens that a layer diffuses over its graph of words.

    model (Model): The layer, which holds the graph, and counts words.
    texts (Texts): The texts of a batch.
    is_train (bool): Whether a graph will do in which the last steps of training aren't counted.
    RETURNS (Optional[Mixed]): The tokens; None where nothing is diffused.
    """
    # Not by a ref of the model, for spaCy loses refs of a node where it replaces listeners.
    words = next(find_words(model))
    graph: LazyGraph = model.attrs[GRAPH]
    if not graph.settings["time"] or not words.texts or not len(texts.forms):
        return None
    has_vectors = model.attrs[HAS_VECTORS]
    growth = GROWTH if is_train else 0.0
    memory = graph.get(words, texts.vocab, has_vectors=has_vectors, growth=growth)
    named = (
        find_named(texts, words.known)
        if model.attrs[BY_NORM]
        else numpy.zeros(len(texts.forms), dtype=bool)
    )
    mixed = mix_forms(memory, texts, words.seen, named, has_vectors=has_vectors)
    return mixed if len(mixed.tokens) else None


def find_holders(component: Any) -> Iterator[Model]:
    """Find the layers of a component's model, if it has one, that hold a graph of words.

    component (Pipe): The component, or anything else in a pipeline.
    YIELDS (Model): The layers.
    """
    yield from (node for node in walk_nodes(component) if GRAPH in node.attrs)


def learns_nothing(dY: Any) -> list[Doc]:
    """Take no gradient: what is predicted isn't learned from."""
    return []
