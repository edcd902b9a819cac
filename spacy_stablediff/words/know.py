"""Embeddings that are trained already and learn to tell which words they know."""

from collections.abc import Callable
from typing import Any

from spacy.language import Language

from ..errors import Errors
from ..recommended import WORDS
from ..wiring.config import find_pipes, get_config, set_block
from ..wiring.model import SharedEmbedding
from .known import find_words
from .layer import ARCHITECTURE, WordGraphTok2Vec, find_layers

CALLBACK = "spacy-stablediff.know_words.v1"


def know_words(
    nlp: Language,
    name: str = "tok2vec",
    time: float = WORDS["time"],
    distance: int = WORDS["distance"],
    min_count: int = WORDS["min_count"],
    word_dropout: float = WORDS["word_dropout"],
    keep: list[str] | None = None,
    pairs: dict[str, str] | None = None,
) -> None:
    """Put the graph of words into an embedding that is trained already.

    Wraps the embedding in `spacy-stablediff.WordGraphTok2Vec.v1`, in the component and in
    the pipeline's config, unless it is wrapped already. It knows all strings of the vocab,
    among which are the words that the embedding was trained on, and adds those that it is
    trained on further. Do so: it hasn't learned yet what to make of an unknown word, and
    before words are counted, none is diffused from others.

    nlp (Language): The pipeline, before it has seen other texts.
    name (str): The component with the embedding.
    time, distance, min_count, word_dropout, keep, pairs: As in `WordGraphTok2Vec`.
    RAISES (ValueError): SD033 for another kind of component than `tok2vec`, SD030 or
        SD031 as `WordGraphTok2Vec` does.
    """
    component = nlp.get_pipe(name)
    if not isinstance(component, SharedEmbedding):
        raise ValueError(Errors.SD033.format(name=name))
    if list(find_layers(component)):
        return
    block = get_config(nlp, name)["model"]
    settings: dict[str, Any] = {"time": time, "distance": distance, "min_count": min_count}
    settings |= {"word_dropout": word_dropout, "keep": keep, "pairs": pairs}
    component.model = WordGraphTok2Vec(component.model, **settings)
    strings = nlp.vocab.strings
    for words in find_words(component):
        words.take_for_known(strings[string] for string in strings)
    set_block(nlp, name, "model", {"@architectures": ARCHITECTURE, "tok2vec": block, **settings})


def make_know_words_callback(
    pipes: list[str],
    time: float = WORDS["time"],
    distance: int = WORDS["distance"],
    min_count: int = WORDS["min_count"],
    word_dropout: float = WORDS["word_dropout"],
    keep: list[str] | None = None,
    pairs: dict[str, str] | None = None,
) -> Callable[[Language], Language]:
    """Create a callback that wraps sourced embeddings by `know_words`, from a config.

    Registered as `spacy-stablediff.know_words.v1`, for [nlp.after_pipeline_creation].
    Embeddings that are wrapped already are left as they are, so that a saved pipeline
    can be loaded. For components that aren't there it warns.

    pipes (List[str]): The names of the components.
    time, distance, min_count, word_dropout, keep, pairs: As in `WordGraphTok2Vec`.
    RETURNS (Callable[[Language], Language]): The callback.
    """

    def wrap(nlp: Language) -> Language:
        for name in find_pipes(nlp, pipes, CALLBACK):
            know_words(nlp, name, time, distance, min_count, word_dropout, keep, pairs)
        return nlp

    return wrap
