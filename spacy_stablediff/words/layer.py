"""Embeddings that take what training hardly knows from words that are spelt nearly alike."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from spacy.attrs import intify_attr
from spacy.tokens import Doc
from thinc.api import Model

from ..edits.annotation import READ_ATTRS
from ..edits.original import is_edited
from ..errors import Errors
from ..recommended import WORDS
from ..types import Batch, Embedding
from ..wiring.embeddings import find_embeds
from ..wiring.nodes import find_extractors, list_features, walk_nodes
from ..wiring.settings import SETTINGS, Settings
from .distinct import embed_distinct
from .forms import write_forms
from .known import count_step, find_words, known_words, trained_on
from .lazy import BY_NORM, GRAPH, HAS_VECTORS, LazyGraph, find_mixed, learns_nothing
from .rows import diffuse_rows
from .settings import check_settings
from .texts import read_texts

ARCHITECTURE = "spacy-stablediff.WordGraphTok2Vec.v1"
LAYER = "word_graph"

# The attribute of a layer that lists what its embedding looks up of the annotation of tokens.
READ = "read"

# The setting of a layer that tells whether edited copies are diffused in training.
IN_TRAINING = "in_training"


def WordGraphTok2Vec(
    tok2vec: Embedding,
    time: float = WORDS["time"],
    distance: int = WORDS["distance"],
    min_count: int = WORDS["min_count"],
    word_dropout: float = WORDS["word_dropout"],
    keep: list[str] | None = None,
    pairs: dict[str, str] | None = None,
    in_training: bool = False,
) -> Embedding:
    """Diffuse the embeddings of words that training hardly knows over the graph of words.

    Registered as `spacy-stablediff.WordGraphTok2Vec.v1`, for wherever spaCy takes an
    embedding. What is diffused is the whole embedding of a word, before its context is
    encoded. Words are counted as it is trained, edited copies of texts as what they were made
    from. In training all words are embedded as they are, but for those that are unknown, which
    share the features of one word; and with `in_training` for those of edited copies.

    tok2vec (Model[List[Doc], List[Floats2d]]): An embedding that looks up the NORM of
        tokens, as spacy.HashEmbedCNN.v2 and spacy.MultiHashEmbed.v2 do, with static vectors
        or without.
    time (float): The time of the diffusion, at least 0. The longer, the less counts what a
        new word's own letters tell. 0: words are embedded as they are.
    distance (int): How many typing errors, 1 or 2, neighbours are apart at most: a letter
        left out, added or replaced, or two exchanged. Neighbours are words of 2 to 50 letters;
        at a distance of 2 they have 4 letters or more.
    min_count (int): How often a word is seen in the training data before it is known. 0: all
        words keep their own features.
    word_dropout (float): How often, in training, known words are unknown: a word that was
        seen n times with the probability a / (a + n), where a >= 0 is this rate. 0 where
        min_count is 0, for then no word is unknown.
    keep (Optional[List[str]]): Words that are always embedded as they are, in whatever case.
    pairs (Optional[Dict[str, str]]): Words, in whatever case, each with the one that it is
        embedded as: one in small letters in all its cases, by how often training saw them.
    in_training (bool): Diffuse the words of edited copies in training as well, as those of
        texts with errors are in prediction, so that the weights are trained for that. The copies
        of a `stabilizer` and of the augmenters of this package are known to be some.
    RETURNS (Model[List[Doc], List[Floats2d]]): The embedding.
    RAISES (ValueError): SD030 if a setting has no such value, SD031 if the embedding
        doesn't look up the NORM.
    """
    check_settings(ARCHITECTURE, locals())
    extractors = find_extractors(tok2vec, "NORM")
    if not extractors:
        raise ValueError(Errors.SD031.format(name=tok2vec.name))
    for extractor in extractors:
        tok2vec.replace_node(extractor, known_words(extractor, min_count, word_dropout))
    settings = {"time": time, "distance": distance, "keep": keep or [], "pairs": pairs or {}}
    for embed in find_embeds(tok2vec):
        graph = word_graph(embed, in_training=in_training, **settings)
        if embed is tok2vec:
            return graph
        tok2vec.replace_node(embed, graph)
    return tok2vec


def word_graph(embed: Embedding, *, in_training: bool = False, **settings: Any) -> Embedding:
    """Diffuse what an embedding without context gives, over the graph of its words.

    embed (Model[List[Doc], List[Floats2d]]): The embedding, in which words are known.
    in_training (bool): Whether edited copies are diffused in training.
    settings: Those of `WordGraph`.
    RETURNS (Model[List[Doc], List[Floats2d]]): The layer.
    """
    dims = {"nO": embed.get_dim("nO") if embed.has_dim("nO") else None}
    layer: Embedding = Model(LAYER, forward, init=init, layers=[embed], dims=dims)
    layer.attrs[GRAPH] = LazyGraph(settings)
    layer.attrs[SETTINGS] = Settings({IN_TRAINING: in_training})
    layer.attrs[BY_NORM] = True
    layer.attrs[HAS_VECTORS] = any(node.name == "static_vectors" for node in embed.walk())
    features = list_features(embed)
    layer.attrs[READ] = [attr for attr in READ_ATTRS if intify_attr(attr) in features]
    return layer


def forward(model: Embedding, docs: list[Doc], is_train: bool) -> tuple[Batch, Callable]:
    """Embed documents, and diffuse the embeddings of new words: in training those of copies at most."""
    if is_train and model.attrs[SETTINGS][IN_TRAINING] and any(map(_has_errors, docs)):
        return _learn(model, docs)
    if is_train or not any(map(len, docs)):
        return model.layers[0](docs, is_train)
    texts = read_texts(docs)
    mixed = find_mixed(model, texts)
    if mixed is None:
        rows = embed_distinct(model.layers[0], docs)
    else:
        words = next(find_words(model))
        forms, places = write_forms(texts, mixed, words, model.attrs[READ])
        every = embed_distinct(model.layers[0], [*docs, forms])
        rows = every[: len(texts.forms)]
        diffuse_rows(model.ops, rows, every[len(rows) :], places, mixed)
    return model.ops.unflatten(rows, model.ops.asarray1i(texts.sizes)), learns_nothing


def _learn(model: Embedding, docs: list[Doc]) -> tuple[Batch, Callable]:
    """Embed the documents of a step of training, the edited ones as in prediction."""
    words, ops = next(find_words(model)), model.ops
    count_step(words, docs)
    edited = [place for place, doc in enumerate(docs) if _has_errors(doc)]
    texts = read_texts([docs[place] for place in edited])
    mixed = find_mixed(model, texts, is_train=True)
    if mixed is None:
        return model.layers[0](docs, True)
    forms, places = write_forms(texts, mixed, words, model.attrs[READ])
    with trained_on(model, "counted"):
        (*vectors, made), backprop = model.layers[0]([*docs, forms], True)
    rows, sizes = ops.flatten([vectors[place] for place in edited]), ops.asarray1i(texts.sizes)
    backprop_rows = diffuse_rows(ops, rows, made, places, mixed)

    def backprop_copies(d_vectors: Batch) -> Any:
        d_rows = ops.flatten([d_vectors[place] for place in edited])
        d_rows, d_made = backprop_rows(d_rows)
        return backprop([*_put(d_vectors, edited, ops.unflatten(d_rows, sizes)), d_made])

    return _put(vectors, edited, ops.unflatten(rows, sizes)), backprop_copies


def _has_errors(doc: Doc) -> bool:
    return len(doc) > 0 and is_edited(doc)


def _put(batch: Batch, places: list[int], parts: Batch) -> Batch:
    """Return a batch with other parts at some places."""
    others = dict(zip(places, parts, strict=True))
    return [others.get(place, part) for place, part in enumerate(batch)]


def init(model: Embedding, X: Any = None, Y: Any = None) -> None:
    """Initialize the embedding."""
    model.layers[0].initialize(X=X, Y=Y)
    if model.layers[0].has_dim("nO"):
        model.set_dim("nO", model.layers[0].get_dim("nO"))


def change_settings(layer: Embedding, changes: Mapping[str, Any]) -> None:
    """Change settings of a layer.

    layer (Model[List[Doc], List[Floats2d]]): The layer, as `word_graph` makes them.
    changes (Dict[str, Any]): Settings of `word_graph`, those that differ.
    """
    of_graph = {key: value for key, value in changes.items() if key != IN_TRAINING}
    layer.attrs[GRAPH] = layer.attrs[GRAPH].changed(of_graph)
    if IN_TRAINING in changes:
        layer.attrs[SETTINGS] = Settings({IN_TRAINING: changes[IN_TRAINING]})


def find_layers(component: Any) -> Iterator[Embedding]:
    """Find the layers of a component's model, if it has one, that embed by a graph of words.

    component (Pipe): The component, or anything else in a pipeline.
    YIELDS (Model[List[Doc], List[Floats2d]]): The layers, as `word_graph` makes them.
    """
    yield from (node for node in walk_nodes(component) if node.name == LAYER)
