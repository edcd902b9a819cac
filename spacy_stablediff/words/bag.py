"""Bags of words in which new words are diffused over the graph of words.

A bag of words adds up a row of weights for each n-gram of a text. A word that training never saw
has none of its own, or by chance that of others. Here it has the weighted mean of the rows of
words that are spelt nearly alike, as `WordGraph` says: its unit in the bag is divided among them.
A longer n-gram is read with the weightiest of them.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy
from spacy.attrs import ORTH
from spacy.tokens import Doc
from thinc.api import Model, Ops
from thinc.types import Floats2d

from ..errors import Errors
from ..recommended import BAG
from ..types import Array
from ..wiring.nodes import find_node
from ..wiring.settings import SETTINGS, Settings
from .counting import Words
from .known import COUNTED, count_step
from .lazy import BY_NORM, GRAPH, HAS_VECTORS, LazyGraph, find_mixed, learns_nothing
from .mixing import Mixed
from .settings import check_settings
from .texts import Texts, read_texts

ARCHITECTURE = "spacy-stablediff.WordGraphBOW.v1"
LAYER = "word_graph_bow"
COUNTS_WORDS = "extract_ngrams"
INIT_STD = "init_std"

BagOfWords = Model[list[Doc], Floats2d]

# The keys of n-grams, how often each is there, and how many belong to each document.
Bags = tuple[Array, Array, Array]


def WordGraphBOW(
    bow: BagOfWords,
    time: float = BAG["time"],
    distance: int = BAG["distance"],
    keep: list[str] | None = None,
    pairs: dict[str, str] | None = None,
    init_std: float = 0.0,
) -> BagOfWords:
    """Diffuse the weights of words that training never saw over the graph of words.

    Registered as `spacy-stablediff.WordGraphBOW.v1`, for wherever spaCy takes a bag of words:
    as the model of a text classifier, or as the `linear_model` of spacy.TextCatEnsemble.v2.
    Words are counted as it is trained. What is learned isn't changed, unless by `init_std`, nor
    the scores of texts that have case, and in which all words were seen.

    bow (Model[List[Doc], Floats2d]): A bag of words, as spacy.TextCatBOW.v3 makes it.
    time, distance, keep, pairs: As in `WordGraphTok2Vec`.
    init_std (float): Standard deviation >= 0 of the weights that training starts from. In
        spacy.TextCatEnsemble.v2 with exclusive classes a bag that starts from zeros never learns:
        its scores are even, and weigh alike in an output layer that starts from zeros as well, so
        that its gradient cancels. Any spread breaks the tie.
    RETURNS (Model[List[Doc], Floats2d]): The bag of words.
    RAISES (ValueError): SD030 if a setting has no such value, SD078 if the model counts no words.
    """
    check_settings(ARCHITECTURE, locals())
    ngrams = find_node(bow, COUNTS_WORDS)
    if ngrams is None:
        raise ValueError(Errors.SD078.format(owner=ARCHITECTURE, name=bow.name))
    bow.replace_node(ngrams, _given_or_counted(ngrams))
    settings = {"time": time, "distance": distance, "keep": keep or [], "pairs": pairs or {}}
    return word_graph_bow(bow, init_std, **settings)


def word_graph_bow(bow: BagOfWords, init_std: float, **settings: Any) -> BagOfWords:
    """Let a bag of words be given its n-grams, new words divided among those they are made of.

    bow (Model[List[Doc], Floats2d]): The bag of words, which takes its n-grams as well.
    init_std (float): Standard deviation of the weights that it starts from.
    settings: Those of `WordGraph`.
    RETURNS (Model[List[Doc], Floats2d]): The layer.
    """
    dims = {"nO": bow.maybe_get_dim("nO")}
    # Around it all, for spaCy's counting never knows whether it is training.
    layer: BagOfWords = Model(LAYER, forward, init=init, layers=[bow], dims=dims)
    layer.attrs.update(bow.attrs)
    # Where labels are added the layer changes, and a ref that nobody keeps up can't be saved.
    layer.set_ref("output_layer", bow.get_ref("output_layer"))
    bow.set_ref("output_layer", None)
    layer.attrs[COUNTED] = Words(min_count=1)
    layer.attrs[GRAPH] = LazyGraph(settings)
    layer.attrs[HAS_VECTORS] = layer.attrs[BY_NORM] = False
    layer.attrs[SETTINGS] = Settings({INIT_STD: init_std})
    return layer


def forward(model: BagOfWords, docs: list[Doc], is_train: bool) -> tuple[Floats2d, Callable]:
    """Score documents, and outside of training divide new words."""
    bow: Model[Any, Floats2d] = model.layers[0]
    if is_train:
        count_step(model.attrs[COUNTED], docs)
    if is_train or not docs:
        return bow(docs, is_train)
    texts = read_texts(docs)
    mixed = find_mixed(model, texts)
    bags = docs if mixed is None else _list_bags(find_node(bow, COUNTS_WORDS), texts, mixed)
    return bow.predict(bags), learns_nothing


def init(model: BagOfWords, X: Any = None, Y: Any = None) -> None:
    """Initialize the bag, and forget the words, for it forgets what it learned of them."""
    model.attrs[COUNTED] = Words(min_count=1)
    model.layers[0].initialize(X=X, Y=Y)
    if model.layers[0].has_dim("nO"):
        model.set_dim("nO", model.layers[0].get_dim("nO"))
    if init_std := model.attrs[SETTINGS][INIT_STD]:
        weights = model.get_ref("output_layer")
        size = weights.get_param("W").size
        start: Array = numpy.random.normal(0, init_std, size).astype("float32")
        weights.set_param("W", weights.ops.asarray1f(start))


def _given_or_counted(ngrams: Model[list[Doc], Bags]) -> Model[list[Doc] | Bags, Bags]:
    """Count n-grams where they aren't given."""
    return Model("ngrams", _count_or_pass, layers=[ngrams], ops=ngrams.ops)


def _count_or_pass(model: Model, given: list[Doc] | Bags, is_train: bool) -> tuple[Bags, Callable]:
    if isinstance(given, tuple):
        return given, learns_nothing
    # spaCy can't count pairs of words where a text is empty.
    filled = [place for place, doc in enumerate(given) if len(doc)]
    lengths = model.ops.alloc1i(len(given))
    if not filled:
        return (
            model.ops.alloc1i(0).astype("uint64"),
            model.ops.alloc1f(0),
            lengths,
        ), learns_nothing
    (keys, counts, sizes), _ = model.layers[0]([given[place] for place in filled], is_train)
    lengths[model.ops.asarray1i(filled)] = sizes
    return (keys, counts, lengths), learns_nothing


def _list_bags(ngrams: Any, texts: Texts, mixed: Mixed) -> Bags:
    """List what is in the bags of texts with new words."""
    places = texts.owners
    words, forms = _read_attr(texts, mixed, ngrams.attrs["attr"])
    entries = [_list_words(words, forms, places, mixed)]
    if (size := ngrams.attrs["ngram_size"]) > 1:
        best = _read_best(words, forms, mixed)
        entries.append(_list_longer(ngrams.ops, best, places, size))
    return _join(entries, len(texts.sizes))


def _read_attr(texts: Texts, mixed: Mixed, attr: int) -> tuple[Array, Array]:
    """Read by which attribute of words they are counted: of all tokens, and of the forms."""
    if attr == ORTH:
        return texts.forms, mixed.ids
    words = numpy.concatenate([doc.to_array(attr) for doc in texts.docs])
    return words, Doc(texts.vocab, words=mixed.forms).to_array(attr)


class Entries(NamedTuple):
    """What is in the bags of a batch.

    keys (Ints1d): The keys of n-grams.
    counts (Floats1d): How often each is there, as a number above 0.
    places (Ints1d): In the bag of which document.
    """

    keys: Array
    counts: Array
    places: Array


def _list_words(words: Array, forms: Array, places: Array, mixed: Mixed) -> Entries:
    """List single words, those that are mixed in parts."""
    is_whole = numpy.ones(len(words), dtype=bool)
    is_whole[mixed.tokens] = False
    return Entries(
        numpy.concatenate([words[is_whole], forms[mixed.sources]]),
        numpy.concatenate([numpy.ones(is_whole.sum()), mixed.weights]),
        numpy.concatenate([places[is_whole], numpy.repeat(places[mixed.tokens], mixed.lengths)]),
    )


def _read_best(words: Array, forms: Array, mixed: Mixed) -> Array:
    """Read each word that is mixed as the weightiest of its forms."""
    owners = numpy.repeat(numpy.arange(len(mixed.tokens)), mixed.lengths)
    by_weight = numpy.lexsort((-mixed.weights, owners))
    best = by_weight[mixed.lengths.cumsum() - mixed.lengths]
    read = words.copy()
    read[mixed.tokens] = forms[mixed.sources[best]]
    return read


def _list_longer(ops: Ops, words: Array, places: Array, size: int) -> Entries:
    """List n-grams of two words and more, up to a size, none across documents."""
    keys, owners = [], []
    for n in range(2, size + 1):
        is_inside = places[: 1 - n] == places[n - 1 :]
        keys.append(ops.ngrams(n, words)[is_inside])
        owners.append(places[: 1 - n][is_inside])
    joined = numpy.concatenate(keys)
    return Entries(joined, numpy.ones(len(joined)), numpy.concatenate(owners))


def _join(entries: list[Entries], size: int) -> Bags:
    """Sort what is in the bags by documents."""
    keys, counts, places = (numpy.concatenate(parts) for parts in zip(*entries, strict=True))
    order = numpy.argsort(places, kind="stable")
    lengths = numpy.bincount(places, minlength=size).astype("int32")
    return keys[order], counts[order].astype("float32"), lengths
