"""Embeddings that are trained already and learn to tell which words they know."""

from collections.abc import Callable, Iterable
from typing import Any

import srsly
from spacy.language import Language
from spacy.strings import get_string_id
from spacy.tokens import Doc

from ..errors import Errors
from ..recommended import WORDS
from ..wiring.config import find_pipes, get_config, is_listener, set_block
from ..wiring.embeddings import SharedEmbedding
from ..wiring.nodes import find_extractors, replace_node
from ..wiring.path import Diffuser
from ..words.counting import Words
from ..words.known import find_words
from ..words.layer import ARCHITECTURE, WordGraphTok2Vec, change_settings, find_layers
from ..words.settings import check_settings
from .blocks import Embedded, find_embedded, look_inside

CALLBACK = "spacy-stablediff.know_words.v1"

# The settings with which an embedding learns, and which can't be changed afterwards.
TRAINED_WITH = ("min_count", "word_dropout")


def know_words(
    nlp: Language,
    name: str = "tok2vec",
    time: float | None = None,
    distance: int | None = None,
    min_count: int | None = None,
    word_dropout: float | None = None,
    keep: list[str] | None = None,
    pairs: dict[str, str] | None = None,
    in_training: bool | None = None,
    *,
    known: Iterable[str] | None = None,
    texts: Iterable[str | Doc] | None = None,
) -> None:
    """Put the graph of words into an embedding that is trained already, or change it there.

    Wraps the embedding in `spacy-stablediff.WordGraphTok2Vec.v1`, in the component and in
    the pipeline's config, unless it is wrapped already. It adds the words that it is trained
    on further to those that it knows.

    An embedding that is trained further learns what to make of an unknown word. One that
    isn't needs `min_count = 0` and texts: their words are what others are diffused from.

    nlp (Language): The pipeline.
    name (str): The component with the embedding: a `tok2vec`, or one that embeds for itself.
    time, distance, min_count, word_dropout, keep, pairs, in_training: As in `WordGraphTok2Vec`.
        None: as recommended, or as they are where the embedding is wrapped already.
    known (Optional[Iterable[str]]): The words that the embedding was trained on; by default
        `list_known`, among which they are. Those of one that is wrapped stay.
    texts (Optional[Iterable[Union[str, Doc]]]): Texts such as those that the pipeline was
        trained on, or is to be used on. Their words are counted. They need no annotation.
    RAISES (ValueError): SD081 if `known` or `texts` is no list of such, SD033 for a component
        without an embedding of its own, SD030 or SD031 as `WordGraphTok2Vec` does, SD019 if the
        config describes another model, SD079 if an embedding that is wrapped was trained with
        another `min_count` or `word_dropout`.
    """
    settings: dict[str, Any] = {"time": time, "distance": distance, "min_count": min_count}
    settings |= {"word_dropout": word_dropout, "in_training": in_training}
    settings |= {"keep": keep, "pairs": pairs}
    given = {key: value for key, value in settings.items() if value is not None}
    strings = list_known(nlp) if known is None else _list("known", known, str)
    given_texts = [] if texts is None else _list("texts", texts, str, Doc)
    docs = [_make_doc(nlp, text) for text in given_texts]
    component = nlp.get_pipe(name)
    if any(find_layers(component)):
        change_graph(nlp, name, given)
    else:
        _wrap(nlp, name, {**WORDS, "keep": None, "pairs": None, **given})
        for words in _list_counted(component):
            words.take_for_known(map(get_string_id, strings))
    for words in _list_counted(component):
        words.count(docs)


def _list(setting: str, given: Iterable[Any], *kinds: type) -> list[Any]:
    """List what a setting holds, or raise SD081: a single text is no list of texts."""
    is_list = isinstance(given, Iterable) and not isinstance(given, str)
    items = list(given) if is_list else [given]
    strange = [item for item in items if not (is_list and isinstance(item, kinds))]
    if strange:
        listed = " or ".join(kind.__name__ for kind in kinds)
        details = {"setting": setting, "kinds": listed, "value": strange[0]}
        raise ValueError(Errors.SD081.format(**details))
    return items


def _make_doc(nlp: Language, text: str | Doc) -> Doc:
    """Make a document of a text, or of one with another vocab."""
    if isinstance(text, str):
        return nlp.make_doc(text)
    if text.vocab is nlp.vocab:
        return text
    return Doc(nlp.vocab).from_bytes(text.to_bytes(exclude=["tensor"]))


def list_known(nlp: Language) -> list[str]:
    """List strings among which are all words that a trained pipeline knows.

    nlp (Language): The pipeline.
    RETURNS (List[str]): The strings that it was saved with. Those of its vocab where it wasn't
        loaded, and so may have learned from any text that it met.
    """
    saved = nlp.path / "vocab" / "strings.json" if nlp.path is not None else None
    return srsly.read_json(saved) if saved and saved.exists() else list(nlp.vocab.strings)


def change_graph(nlp: Language, name: str, changes: dict[str, Any]) -> None:
    """Change settings of the graph of words in an embedding.

    nlp (Language): The pipeline.
    name (str): A component into which `know_words` has put it.
    changes (Dict[str, Any]): Settings as in `WordGraphTok2Vec`.
    RAISES (ValueError): SD030 for a value that a setting can't have, SD079 if one that the
        embedding was trained with would change.
    """
    blocks = [
        each for each in _find_embedded(nlp, name) if each.block["@architectures"] == ARCHITECTURE
    ]
    for _, block, _ in blocks:
        _check_changes(name, {**WORDS, **block}, changes)
    of_graph = {key: value for key, value in changes.items() if key not in TRAINED_WITH}
    for layer in find_layers(nlp.get_pipe(name)):
        change_settings(layer, of_graph)
    for path, block, _ in blocks:
        set_block(nlp, name, path, {**block, **of_graph})


def _check_changes(name: str, block: dict[str, Any], changes: dict[str, Any]) -> None:
    check_settings(ARCHITECTURE, {**block, **changes})
    for setting in TRAINED_WITH:
        if changes.get(setting, block[setting]) != block[setting]:
            details = {"setting": setting, "value": changes[setting], "trained": block[setting]}
            raise ValueError(Errors.SD079.format(name=name, **details))


def _wrap(nlp: Language, name: str, settings: dict[str, Any]) -> None:
    """Put the graph of words around the embeddings of a component."""
    component = nlp.get_pipe(name)
    for path, block, node in _find_embedded(nlp, name):
        graph = WordGraphTok2Vec(node, **settings)
        if graph is not node:
            replace_node(component, node, graph)
        set_block(nlp, name, path, {"@architectures": ARCHITECTURE, "tok2vec": block, **settings})


def _list_counted(component: Any) -> list[Words]:
    """List the words of a component's embeddings: a bag of words beside them has its own."""
    return [words for layer in find_layers(component) for words in find_words(layer)]


def can_know_words(nlp: Language, name: str) -> bool:
    """Tell whether `know_words` can put the graph of words into a component.

    nlp (Language): The pipeline.
    name (str): A component with embeddings of its own.
    RETURNS (bool): Whether all of them look up words.
    """
    return all(find_extractors(node, "NORM") for _, _, node in _find_embedded(nlp, name))


def _find_embedded(nlp: Language, name: str) -> list[Embedded]:
    """Find the embeddings of words that a component owns, or raise SD033."""
    component = nlp.get_pipe(name)
    if isinstance(component, SharedEmbedding) and not isinstance(component, Diffuser):
        return look_inside(Embedded("model", get_config(nlp, name)["model"], component.model))
    embedded = find_embedded(nlp, name)
    if not embedded or any(is_listener(each.block) for each in embedded):
        raise ValueError(Errors.SD033.format(name=name))
    return [inner for each in embedded for inner in look_inside(each)]


def make_know_words_callback(
    pipes: list[str],
    time: float = WORDS["time"],
    distance: int = WORDS["distance"],
    min_count: int = WORDS["min_count"],
    word_dropout: float = WORDS["word_dropout"],
    keep: list[str] | None = None,
    pairs: dict[str, str] | None = None,
    in_training: bool = False,
) -> Callable[[Language], Language]:
    """Create a callback that wraps trained embeddings by `know_words`, from a config.

    Registered as `spacy-stablediff.know_words.v1`, for [nlp.after_pipeline_creation].
    Embeddings that are wrapped already are left as they are, so that a saved pipeline
    can be loaded. For components that aren't there it warns.

    pipes (List[str]): The names of the components.
    time, distance, min_count, word_dropout, keep, pairs, in_training: As in `WordGraphTok2Vec`.
    RETURNS (Callable[[Language], Language]): The callback.
    """
    settings = time, distance, min_count, word_dropout, keep, pairs, in_training

    def wrap(nlp: Language) -> Language:
        for name in find_pipes(nlp, pipes, CALLBACK):
            if not any(find_layers(nlp.get_pipe(name))):
                know_words(nlp, name, *settings)
        return nlp

    return wrap
