"""Embeddings that are trained already and learn to tell which words they know."""

from collections.abc import Callable

from spacy.language import Language

from ..errors import Errors
from ..recommended import WORDS
from ..wiring.config import find_pipes, get_config, set_block
from ..wiring.model import SharedEmbedding
from .layer import ARCHITECTURE, KnownWordsTok2Vec, find_layers

CALLBACK = "spacy-stablediff.know_words.v1"


def know_words(
    nlp: Language,
    name: str = "tok2vec",
    min_count: int = WORDS["min_count"],
    typo_count: int | None = WORDS["typo_count"],
) -> None:
    """Let rare words share a vector in an embedding that is trained already.

    Wraps the embedding in `spacy-stablediff.KnownWordsTok2Vec.v1`, in the component and
    in the pipeline's config, unless it is wrapped already. It knows all strings of the
    vocab, among which are the words that the embedding was trained on, and adds those
    that it is trained on further. Do so: it hasn't learned yet what to make of an
    unknown word.

    nlp (Language): The pipeline, before it has seen other texts.
    name (str): The component with the embedding.
    min_count (int): How often, at least once, a word is seen in the training data
        before it is known.
    typo_count (Optional[int]): As in `KnownWordsTok2Vec`; before words are counted, none
        is looked up as another.
    RAISES (ValueError): SD033 for another kind of component than `tok2vec`, SD030 or
        SD031 as `KnownWordsTok2Vec` does.
    """
    component = nlp.get_pipe(name)
    if not isinstance(component, SharedEmbedding):
        raise ValueError(Errors.SD033.format(name=name))
    if list(find_layers(component)):
        return
    block = get_config(nlp, name)["model"]
    KnownWordsTok2Vec(component.model, min_count, typo_count)
    strings = nlp.vocab.strings
    for layer in find_layers(component):
        layer.attrs["words"].take_for_known(strings[string] for string in strings)
    counts = {"min_count": min_count, "typo_count": typo_count}
    set_block(nlp, name, "model", {"@architectures": ARCHITECTURE, "tok2vec": block, **counts})


def make_know_words_callback(
    pipes: list[str],
    min_count: int = WORDS["min_count"],
    typo_count: int | None = WORDS["typo_count"],
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
