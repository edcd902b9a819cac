"""Letting a vocab forget the misspelt words of edited texts."""

from collections.abc import Iterator
from contextlib import contextmanager

from spacy.vocab import Vocab


@contextmanager
def forget_new_words(vocab: Vocab) -> Iterator[None]:
    """Let a vocab forget the words that it meets for the first time meanwhile.

    A vocab keeps all words for ever, and is saved with the pipeline. Misspelt ones would be taken
    for words that the pipeline knows. Documents that are made meanwhile must not be used after.

    vocab (Vocab): The vocab.
    """
    if vocab.in_memory_zone:  # type: ignore[attr-defined]
        yield
        return
    zone = vocab.memory_zone()
    zone.__enter__()
    try:
        yield
    finally:
        # Releases of spaCy that are told of an exception leave the zone open.
        zone.__exit__(None, None, None)
