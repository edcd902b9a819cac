"""Features of tokens in which all words that training hardly knows are one.

A hash embedding has a row for every word, seen or not: a misspelt word gets the sum of rows
that other words have trained, as if it were one of them. Here all words that are rare in the
training data share the rows of one, the unknown word. Their prefix, suffix and shape stay
their own.
"""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from spacy.tokens import Doc
from thinc.api import Model
from thinc.types import Ints2d

from ..errors import Warnings
from ..types import Array
from ..wiring.embeddings import is_for_pretraining
from ..wiring.nodes import find_column, walk_nodes
from ..wiring.settings import SETTINGS, Settings
from .counting import Trained, Words
from .ids import is_in

LAYER = "known_words"

# The attribute of layers that count words.
COUNTED = "words"

# The norm that stands for all unknown words: that of the empty string, which no word has.
UNKNOWN = 0

Features = Model[list[Doc], list[Ints2d]]


def known_words(extractor: Features, min_count: int, word_dropout: float) -> Features:
    """Give all unknown words the same norm.

    Words are counted as the layer is trained: of edited copies of texts those that were there
    before, of the masked copies of `spacy pretrain` none.

    extractor (Model[List[Doc], List[Ints2d]]): Extracts features, NORM among them.
    min_count (int): How often a word is seen before it is known. 0: all words are.
    word_dropout (float): The rate a >= 0 of word dropout: in training, a word that was seen n
        times is unknown with the probability a / (a + n). (Kiperwasser and Goldberg, Simple
        and accurate dependency parsing using bidirectional LSTM feature representations, TACL
        4, 2016.)
    RETURNS (Model[List[Doc], List[Ints2d]]): The layer.
    """
    layer: Features = Model(LAYER, forward, init=init, layers=[extractor])
    layer.attrs[COUNTED] = Words(min_count)
    layer.attrs[SETTINGS] = Settings(word_dropout=word_dropout)
    return layer


def forward(model: Features, docs: list[Doc], is_train: bool) -> tuple[list[Ints2d], Callable]:
    """Extract features, and set the norms of unknown words."""
    words: Words = model.attrs[COUNTED]
    if is_train:
        count_step(words, docs)
    features, backprop = model.layers[0](docs, is_train)
    if not words or not words.min_count or not any(map(len, docs)):
        return features, backprop
    if not is_train and not len(words.known):
        warnings.warn(Warnings.SDW07.format(min_count=words.min_count), stacklevel=2)
    rows = model.ops.flatten(features)
    column = find_column(model.layers[0], "NORM")
    rows[_find_unknown(model, rows[:, column], is_train), column] = UNKNOWN
    lengths = model.ops.asarray1i([len(doc) for doc in docs])
    return model.ops.unflatten(rows, lengths), backprop


def init(model: Features, X: Any = None, Y: object = None) -> None:
    """Forget the words, for the embedding forgets what it learned of them."""
    words = model.attrs[COUNTED] = Words(model.attrs[COUNTED].min_count)
    if is_for_pretraining(X):
        words.trained = "masked"


def find_words(component: Any) -> Iterator[Words]:
    """Find the words that the embeddings of a component know.

    component (Union[Pipe, Model]): The component, or anything else in a pipeline, or a model.
    YIELDS (Words): The words of each layer that counts them.
    """
    yield from (node.attrs[COUNTED] for node in walk_nodes(component) if COUNTED in node.attrs)


@contextmanager
def trained_on(model: Model, what: Trained) -> Iterator[None]:
    """Let the layers of a model be trained on other documents than they take them for.

    model (Model): The model.
    what (str): What the documents are: "raw", "masked" or "counted".
    """
    before = [(words, words.trained) for words in find_words(model)]
    try:
        for words, _ in before:
            words.trained = what
        yield
    finally:
        for words, trained in before:
            words.trained = trained


def count_step(words: Words, docs: list[Doc]) -> None:
    """Count the documents of a step of training, as far as they are as somebody wrote them.

    words (Words): The words that are counted.
    docs (List[Doc]): The documents.
    """
    if words.trained == "raw":
        words.count(docs)
        words.know_repeated(docs)
    elif words.trained == "masked":
        warnings.warn(Warnings.SDW13, stacklevel=3)
        words.trained = "counted"


def _find_unknown(model: Features, norms: Array, is_train: bool) -> Array:
    """Find the unknown words: booleans, one for each norm."""
    words: Words = model.attrs[COUNTED]
    rate, xp = model.attrs[SETTINGS]["word_dropout"], model.ops.xp
    unknown = ~is_in(xp, norms, xp.asarray(words.known))
    if is_train and rate:
        times = xp.asarray(words.look_up(model.ops.to_numpy(norms)))
        unknown |= xp.random.uniform(size=len(norms)) * (rate + times) < rate
    return unknown
