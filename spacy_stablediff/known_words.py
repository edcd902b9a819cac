"""Embeddings that know which words they have learned.

A hash embedding has a row for every word, seen or not: a misspelt word gets the sum of
rows that other words have trained, as if it were one of them. Here all words that are
rare in the training data share the rows of one, the unknown word. Their prefix, suffix
and shape stay their own. Once trained, a misspelt word that the training data never have
gets all rows of the word that it means, as far as that can be told.
"""

import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy
from spacy.language import Language
from spacy.pipeline import Tok2Vec
from spacy.strings import StringStore
from spacy.tokens import Doc
from thinc.api import Model
from thinc.types import Ints2d

from .attachment import component_config, find_pipes, set_block
from .errors import Errors, Warnings
from .kernels import Array
from .nodes import walk_nodes
from .spelling import correct, index_spellings, is_in
from .tok2vec import Tok2VecModel

ARCHITECTURE = "spacy-stablediff.KnownWordsTok2Vec.v1"
CALLBACK = "spacy-stablediff.know_words.v1"
LAYER = "known_words"

# The norm that stands for all unknown words: that of the empty string, which no word has.
UNKNOWN = 0


def KnownWordsTok2Vec(
    tok2vec: Tok2VecModel, min_count: int = 2, typo_count: int | None = 5
) -> Tok2VecModel:
    """Let rare words share the vector of the unknown word, and embed typos as what is meant.

    Registered as `spacy-stablediff.KnownWordsTok2Vec.v1`, for the `model` of a `tok2vec`
    component that a `stablediff` component follows: that one counts the words of the
    training data when the pipeline is initialized.

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
        SD031 if the embedding doesn't look up the NORM; when it is trained, SD032 if
        nobody has counted the words.
    """
    _check_count("min_count", min_count)
    if typo_count is not None:
        _check_count("typo_count", typo_count)
    extractors = [
        node
        for node in tok2vec.walk()
        if node.name == "extract_features" and "NORM" in node.attrs["columns"]
    ]
    if not extractors:
        raise ValueError(Errors.SD031.format(name=tok2vec.name))
    for extractor in extractors:
        layer: Model = Model(LAYER, forward, init=init, layers=[extractor])
        layer.attrs.update(min_count=min_count, typo_count=typo_count)
        init(layer)
        tok2vec.replace_node(extractor, layer)
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
    rows = xp.concatenate(features)
    if not is_train and model.attrs["spellings"]:
        _correct_spelling(model, docs, rows)
    rows[~is_in(xp, rows[:, column], xp.asarray(known)), column] = UNKNOWN
    ends = numpy.cumsum([len(doc) for doc in docs])
    return xp.split(rows, ends[:-1].tolist()), backprop


def init(model: Model, X: Any = None, Y: Any = None) -> None:
    """Forget the words, for they are about to be counted anew."""
    model.attrs.update(known=None, counted=False, seen=None, spellings=None)


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
    layers = [layer for layer in find_layers(component) if not layer.attrs["counted"]]
    if not layers:
        return
    counts: Counter[int] = Counter()
    forms: set[int] = set()
    for doc in docs:
        counts.update(doc.to_array("NORM").tolist())
        forms.update(doc.to_array("ORTH").tolist())
    for layer in layers:
        _learn_words(layer, component.vocab.strings, counts, forms)
        if not layer.attrs["known"].size:
            details = {"name": component.name, "min_count": layer.attrs["min_count"]}
            warnings.warn(Warnings.SDW07.format(**details), stacklevel=3)


def know_words(
    nlp: Language, name: str = "tok2vec", min_count: int = 2, typo_count: int | None = 5
) -> None:
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
    typo_count (Optional[int]): As in `KnownWordsTok2Vec`; until the training data are
        counted, no word is looked up as another.
    RAISES (ValueError): SD033 for another kind of component than `tok2vec`, SD030 or
        SD031 as `KnownWordsTok2Vec` does.
    """
    component = nlp.get_pipe(name)
    if not isinstance(component, Tok2Vec):
        raise ValueError(Errors.SD033.format(name=name))
    if list(find_layers(component)):
        return
    block = component_config(nlp, name)["model"]
    KnownWordsTok2Vec(component.model, min_count, typo_count)
    strings = nlp.vocab.strings
    for layer in find_layers(component):
        layer.attrs["known"] = _sort(strings[string] for string in strings)
    counts = {"min_count": min_count, "typo_count": typo_count}
    set_block(nlp, name, "model", {"@architectures": ARCHITECTURE, "tok2vec": block, **counts})


def make_know_words_callback(
    pipes: list[str], min_count: int = 2, typo_count: int | None = 5
) -> Callable[[Language], Language]:
    """Create a callback that wraps sourced embeddings by `know_words`, from a config.

    Registered as `spacy-stablediff.know_words.v1`, for [nlp.after_pipeline_creation].
    Embeddings that are wrapped already are left as they are, so that a saved pipeline
    can be loaded. For components that aren't there it warns.

    pipes (List[str]): The names of the components.
    min_count (int): How often, at least once, a word is seen in the training data
        before it is known.
    typo_count (Optional[int]): As in `know_words`.
    RETURNS (Callable[[Language], Language]): The callback.
    """

    def wrap(nlp: Language) -> Language:
        for name in find_pipes(nlp, pipes, CALLBACK):
            know_words(nlp, name, min_count, typo_count)
        return nlp

    return wrap


def find_layers(component: Any) -> Iterator[Model]:
    """Find the layers of a component's model, if it has one, that know words.

    component (Pipe): The component, or anything else in a pipeline.
    YIELDS (Model): The layers that `KnownWordsTok2Vec` has put in.
    """
    yield from (node for node in walk_nodes(component) if node.name == LAYER)


def _learn_words(layer: Model, strings: StringStore, counts: Counter[int], forms: set[int]) -> None:
    """Add to what a layer knows the words of the training data, and how they are spelt."""
    min_count, typo_count = layer.attrs["min_count"], layer.attrs["typo_count"]
    known = _sort(word for word, count in counts.items() if count >= min_count)
    if layer.attrs["known"] is not None:
        known = numpy.union1d(known, layer.attrs["known"])
    layer.attrs.update(known=known, counted=True)
    if typo_count is not None:
        least = max(min_count, typo_count)
        frequent = [strings[word] for word, count in counts.most_common() if count >= least]
        seen = numpy.union1d(known, _sort(forms.union(counts)))
        layer.attrs.update(seen=seen, spellings=index_spellings(frequent))


def _correct_spelling(model: Model, docs: list[Doc], rows: Ints2d) -> None:
    """Give misspelt tokens the features of the words that they mean."""
    vocab, xp, seen = docs[0].vocab, model.ops.xp, model.attrs["seen"]
    forms = numpy.concatenate([doc.to_array("ORTH") for doc in docs])
    unseen = numpy.flatnonzero(~is_in(numpy, forms, seen))
    words, places = numpy.unique(forms[unseen], return_inverse=True)
    texts = [vocab.strings[word] for word in words.tolist()]
    meant = correct(texts, seen, model.attrs["spellings"])
    typos = [place for place, text in enumerate(texts) if meant[place] != text]
    if typos:
        features = model.layers[0].predict([Doc(vocab, words=[meant[place] for place in typos])])[0]
        tokens = is_in(numpy, places, numpy.asarray(typos))
        sources = numpy.searchsorted(typos, places[tokens])
        rows[xp.asarray(unseen[tokens])] = features[xp.asarray(sources)]


def _check_count(setting: str, value: Any) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ValueError(Errors.SD030.format(setting=setting, value=value))


def _sort(words: Iterable[int]) -> Array:
    return numpy.unique(numpy.fromiter(words, dtype="uint64"))
