"""Embeddings that know which words they have learned.

A hash embedding has a row for every word, seen or not: a misspelt word gets the sum of
rows that other words have trained, as if it were one of them. Here all words that are
rare in the training data share the rows of one, the unknown word. Their prefix, suffix
and shape stay their own. Once trained, a misspelt word that the training data never have
gets all rows of the word that it means, as far as that can be told.
"""

import warnings
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy
from spacy.tokens import Doc
from thinc.api import Model
from thinc.types import Ints2d

from ..checks import is_whole
from ..edits.alignment import is_edited
from ..errors import Errors, Warnings
from ..recommended import WORDS
from ..types import Array, Embedding
from ..wiring.model import find_extractors, walk_nodes
from .counting import Words
from .ids import is_in
from .spelling import correct

ARCHITECTURE = "spacy-stablediff.KnownWordsTok2Vec.v1"
LAYER = "known_words"

# The norm that stands for all unknown words: that of the empty string, which no word has.
UNKNOWN = 0


def KnownWordsTok2Vec(
    tok2vec: Embedding,
    min_count: int = WORDS["min_count"],
    typo_count: int | None = WORDS["typo_count"],
) -> Embedding:
    """Let rare words share the vector of the unknown word, and embed typos as what is meant.

    Registered as `spacy-stablediff.KnownWordsTok2Vec.v1`, for wherever spaCy takes an
    embedding. Words are counted as it is trained; edited copies of texts, which record
    their alignment, teach none.

    tok2vec (Model[List[Doc], List[Floats2d]]): An embedding that looks up the NORM of
        tokens, as spacy.HashEmbedCNN.v2 and spacy.MultiHashEmbed.v2 do.
    min_count (int): How often, at least once, a word is seen in the training data
        before it is known.
    typo_count (Optional[int]): How often, at least once, a known word is seen there
        before words that are not seen there, one typing error apart, are embedded as
        that one, outside of training. They are of 4 to 50 letters, all small.
        Words with irregular capitals that are not seen there are embedded as with
        regular ones. None: words are embedded as they are.
    RETURNS (Model[List[Doc], List[Floats2d]]): The embedding.
    RAISES (ValueError): SD030 if one of the counts is no whole number of at least 1,
        SD031 if the embedding doesn't look up the NORM.
    """
    for setting, value in [("min_count", min_count), ("typo_count", typo_count)]:
        is_off = setting == "typo_count" and value is None
        if not is_off and not is_whole(value, least=1):
            raise ValueError(Errors.SD030.format(setting=setting, value=value))
    extractors = find_extractors(tok2vec, "NORM")
    if not extractors:
        raise ValueError(Errors.SD031.format(name=tok2vec.name))
    for extractor in extractors:
        layer: Model = Model(LAYER, forward, init=init, layers=[extractor])
        layer.attrs["words"] = Words(min_count, typo_count)
        tok2vec.replace_node(extractor, layer)
    return tok2vec


def forward(
    model: Model[list[Doc], list[Ints2d]], docs: list[Doc], is_train: bool
) -> tuple[list[Ints2d], Callable]:
    """Look up the features of tokens, and give all unknown words the same norm."""
    words: Words = model.attrs["words"]
    if is_train:
        words.count(doc for doc in docs if not is_edited(doc))
    features, backprop = model.layers[0](docs, is_train)
    if not words or not features:
        return features, backprop
    xp, column = model.ops.xp, model.layers[0].attrs["columns"].index("NORM")
    rows = xp.concatenate(features)
    if not is_train:
        _correct_spelling(model, docs, rows)
    if not is_train and not len(words.known):
        warnings.warn(Warnings.SDW07.format(min_count=words.min_count), stacklevel=2)
    rows[~is_in(xp, rows[:, column], xp.asarray(words.known)), column] = UNKNOWN
    ends = numpy.cumsum([len(doc) for doc in docs])
    return xp.split(rows, ends[:-1].tolist()), backprop


def init(model: Model, X: Any = None, Y: Any = None) -> None:
    """Forget the words, for the embedding forgets what it learned of them."""
    words: Words = model.attrs["words"]
    model.attrs["words"] = Words(words.min_count, words.typo_count)


def find_layers(component: Any) -> Iterator[Model]:
    """Find the layers of a component's model, if it has one, that know words.

    component (Pipe): The component, or anything else in a pipeline.
    YIELDS (Model): The layers that `KnownWordsTok2Vec` has put in.
    """
    yield from (node for node in walk_nodes(component) if node.name == LAYER)


def find_mended(component: Any, docs: list[Doc]) -> Iterator[tuple[str, str]]:
    """Find the words that a component embeds as others.

    component (Pipe): The component, or anything else in a pipeline.
    docs (List[Doc]): Documents.
    YIELDS (Tuple[str, str]): For each token that is, its text and that of the other word.
    """
    for layer in find_layers(component):
        mended = _find_meant(layer, docs)
        if mended is not None:
            tokens = [token.text for doc in docs for token in doc]
            pairs = zip(mended.tokens.tolist(), mended.sources.tolist(), strict=True)
            yield from ((tokens[token], mended.words[source]) for token, source in pairs)


class Mended(NamedTuple):
    """Misspelt tokens of a batch, and what they mean.

    tokens (Ints1d): Their places among all tokens of the batch.
    words (List[str]): The words that are meant, each once.
    sources (Ints1d): For each token the index of its word.
    """

    tokens: Array
    words: list[str]
    sources: Array


def _find_meant(model: Model, docs: list[Doc]) -> Mended | None:
    """Find the misspelt tokens, as far as one can tell what they mean; None if there are none."""
    words = model.attrs["words"]
    if not docs or not words.spellings["words"]:
        return None
    forms = numpy.concatenate([doc.to_array("ORTH") for doc in docs])
    unseen = numpy.flatnonzero(~is_in(numpy, forms, words.forms))
    ids, places = numpy.unique(forms[unseen], return_inverse=True)
    texts = [docs[0].vocab.strings[word] for word in ids.tolist()]
    meant = correct(texts, words.forms, words.spellings)
    typos = [place for place, text in enumerate(texts) if meant[place] != text]
    if not typos:
        return None
    tokens = is_in(numpy, places, numpy.asarray(typos))
    sources = numpy.searchsorted(typos, places[tokens])
    return Mended(unseen[tokens], [meant[place] for place in typos], sources)


def _correct_spelling(model: Model, docs: list[Doc], rows: Ints2d) -> None:
    """Give misspelt tokens the features of the words that they mean."""
    mended, xp = _find_meant(model, docs), model.ops.xp
    if mended is not None:
        features = model.layers[0].predict([Doc(docs[0].vocab, words=mended.words)])[0]
        rows[xp.asarray(mended.tokens)] = features[xp.asarray(mended.sources)]
