"""Embeddings that know which words they have learned.

A hash embedding has a row for every word, seen or not: a misspelt word gets the sum of
rows that other words have trained, as if it were one of them. Here all words that are
rare in the training data share the rows of one, the unknown word. Their prefix, suffix
and shape stay their own.
"""

import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy
from spacy.language import Language
from spacy.pipeline import Tok2Vec
from spacy.tokens import Doc
from thinc.api import Model
from thinc.types import Ints2d

from .attachment import component_config, find_pipes, set_block
from .errors import Errors, Warnings
from .kernels import Array
from .nodes import walk_nodes
from .tok2vec import Tok2VecModel

ARCHITECTURE = "spacy-stablediff.KnownWordsTok2Vec.v1"
CALLBACK = "spacy-stablediff.know_words.v1"
LAYER = "known_words"

# The norm that stands for all unknown words: that of the empty string, which no word has.
UNKNOWN = 0


def KnownWordsTok2Vec(tok2vec: Tok2VecModel, min_count: int = 2) -> Tok2VecModel:
    """Let rare words share the vector of the unknown word.

    Registered as `spacy-stablediff.KnownWordsTok2Vec.v1`, for the `model` of a `tok2vec`
    component that a `stablediff` component follows: that one counts the words of the
    training data when the pipeline is initialized.

    tok2vec (Model[List[Doc], List[Floats2d]]): An embedding that looks up the NORM of
        tokens, as spacy.HashEmbedCNN.v2 and spacy.MultiHashEmbed.v2 do.
    min_count (int): How often, at least once, a word is seen in the training data
        before it is known.
    RETURNS (Model[List[Doc], List[Floats2d]]): The embedding.
    RAISES (ValueError): SD030 if `min_count` is no whole number of at least 1, SD031 if
        the embedding doesn't look up the NORM; when it is trained, SD032 if nobody has
        counted the words.
    """
    if not isinstance(min_count, int) or isinstance(min_count, bool) or min_count < 1:
        raise ValueError(Errors.SD030.format(value=min_count))
    extractors = [
        node
        for node in tok2vec.walk()
        if node.name == "extract_features" and "NORM" in node.attrs["columns"]
    ]
    if not extractors:
        raise ValueError(Errors.SD031.format(name=tok2vec.name))
    for extractor in extractors:
        attrs = {"min_count": min_count, "known": None, "counted": False}
        tok2vec.replace_node(
            extractor, Model(LAYER, forward, init=init, layers=[extractor], attrs=attrs)
        )
    return tok2vec


def forward(
    model: Model[list[Doc], list[Ints2d]], docs: list[Doc], is_train: bool
) -> tuple[list[Ints2d], Callable]:
    """Look up the features of tokens, and give all unknown words the same norm."""
    known = model.attrs["known"]
    if known is None and is_train:
        raise ValueError(Errors.SD032)
    features, backprop = model.layers[0](docs, is_train)
    if known is None or not features:
        return features, backprop
    xp, column = model.ops.xp, model.layers[0].attrs["columns"].index("NORM")
    norms = xp.concatenate([X[:, column] for X in features])
    norms[~is_in(xp, norms, xp.asarray(known))] = UNKNOWN
    ends = numpy.cumsum([len(X) for X in features])
    for X, known_norms in zip(features, xp.split(norms, ends[:-1].tolist()), strict=True):
        X[:, column] = known_norms
    return features, backprop


def is_in(xp: Any, norms: Array, known: Array) -> Array:
    """Tell which norms are known, by binary search: numpy.isin would sort them each time.

    xp (Module): numpy or cupy.
    norms (Ints1d): The norms, in any order.
    known (Ints1d): The known ones, in ascending order.
    RETURNS (Bools1d): Whether each is among them.
    """
    if not len(known):
        return xp.zeros(len(norms), dtype=bool)
    places = xp.searchsorted(known, norms).clip(max=len(known) - 1)
    return known[places] == norms


def init(model: Model, X: Any = None, Y: Any = None) -> None:
    """Forget the words, for they are about to be counted anew."""
    model.attrs.update(known=None, counted=False)


def looks_up_words(config: dict[str, Any]) -> bool:
    """Tell whether an embedding looks up the NORM of tokens.

    config (Dict[str, Any]): The config of its architecture, one of spaCy's.
    RETURNS (bool): Whether `KnownWordsTok2Vec` can wrap it; False if that isn't known.
    """
    name = config.get("@architectures", "")
    if name.startswith("spacy.Tok2Vec."):
        return looks_up_words(config["embed"])
    looks_up_norm = name.startswith("spacy.MultiHashEmbed.") and "NORM" in config["attrs"]
    return looks_up_norm or name.startswith("spacy.HashEmbedCNN.")


def count_words(component: Any, docs: Iterable[Doc]) -> None:
    """Tell an embedding which words it is going to learn, unless it knows that already.

    component (Pipe): The component with the embedding, or any other.
    docs (Iterable[Doc]): The documents that it will be trained on.
    """
    layers = [layer for layer in _find_layers(component) if not layer.attrs["counted"]]
    if not layers:
        return
    counts: Counter[int] = Counter()
    for doc in docs:
        counts.update(doc.to_array("NORM").tolist())
    for layer in layers:
        min_count, known = layer.attrs["min_count"], layer.attrs["known"]
        learned = _sort(word for word, count in counts.items() if count >= min_count)
        known = learned if known is None else numpy.union1d(known, learned)
        layer.attrs.update(known=known, counted=True)
        if not known.size:
            message = Warnings.SDW07.format(name=component.name, min_count=min_count)
            warnings.warn(message, stacklevel=3)


def know_words(nlp: Language, name: str = "tok2vec", min_count: int = 2) -> None:
    """Let rare words share a vector in an embedding that is trained already.

    Wraps the embedding in `spacy-stablediff.KnownWordsTok2Vec.v1`, in the component and
    in the pipeline's config, unless it is wrapped already. It knows all strings of the
    vocab, among which are the words that the embedding was trained on; initializing a
    `stablediff` component after it adds those of the training data. Train it further:
    it hasn't learned yet what to make of an unknown word.

    nlp (Language): The pipeline, before it has seen other texts.
    name (str): The component with the embedding.
    min_count (int): How often, at least once, a word is seen in the training data
        before it is known.
    RAISES (ValueError): SD033 for another kind of component than `tok2vec`, SD030 or
        SD031 as `KnownWordsTok2Vec` does.
    """
    component = nlp.get_pipe(name)
    if not isinstance(component, Tok2Vec):
        raise ValueError(Errors.SD033.format(name=name))
    if list(_find_layers(component)):
        return
    block = component_config(nlp, name)["model"]
    KnownWordsTok2Vec(component.model, min_count)
    strings = nlp.vocab.strings
    for layer in _find_layers(component):
        layer.attrs["known"] = _sort(strings[string] for string in strings)
    wrapped = {"@architectures": ARCHITECTURE, "tok2vec": block, "min_count": min_count}
    set_block(nlp, name, "model", wrapped)


def make_know_words_callback(
    pipes: list[str], min_count: int = 2
) -> Callable[[Language], Language]:
    """Create a callback that wraps sourced embeddings by `know_words`, from a config.

    Registered as `spacy-stablediff.know_words.v1`, for [nlp.after_pipeline_creation].
    Embeddings that are wrapped already are left as they are, so that a saved pipeline
    can be loaded. For components that aren't there it warns.

    pipes (List[str]): The names of the components.
    min_count (int): How often, at least once, a word is seen in the training data
        before it is known.
    RETURNS (Callable[[Language], Language]): The callback.
    """

    def wrap(nlp: Language) -> Language:
        for name in find_pipes(nlp, pipes, CALLBACK):
            know_words(nlp, name, min_count)
        return nlp

    return wrap


def _find_layers(component: Any) -> Iterator[Model]:
    """Find the layers of a component's model, if it has one, that know words."""
    yield from (node for node in walk_nodes(component) if node.name == LAYER)


def _sort(words: Iterable[int]) -> Array:
    return numpy.unique(numpy.fromiter(words, dtype="uint64"))
