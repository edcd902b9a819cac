"""A spelling corrector in front of a pipeline: symspellpy, with its own dictionary."""

from functools import lru_cache
from importlib.resources import files
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc
from symspellpy import SymSpell, Verbosity
from thinc.api import Model
from thinc.types import Floats2d

DICTIONARY = "frequency_dictionary_en_82_765.txt"


class Corrector:
    """Corrects words one by one, so that the tokens stay what they are."""

    def __init__(self, distance: int) -> None:
        """Read the dictionary.

        distance (int): How many letters of a word may be wrong, at most.
        """
        self._spelling = SymSpell(max_dictionary_edit_distance=distance)
        self._spelling.load_dictionary(files("symspellpy") / DICTIONARY, 0, 1)
        self._distance = distance
        self.correct = lru_cache(maxsize=100_000)(self._correct)

    def __call__(self, doc: Doc) -> Doc:
        """Return a copy of a document's tokens with words corrected.

        doc (Doc): The document.
        RETURNS (Doc): The copy.
        """
        words = [self.correct(token.text) for token in doc]
        spaces = [bool(token.whitespace_) for token in doc]
        return Doc(doc.vocab, words=words, spaces=spaces)

    def _correct(self, word: str) -> str:
        """The likeliest word of the dictionary, in the case of what was written."""
        if len(word) < 2 or not word.isalpha():
            return word
        found = self._spelling.lookup(
            word, Verbosity.TOP, self._distance, include_unknown=True, transfer_casing=True
        )
        return found[0].term


def put_corrector(nlp: Language, distance: int) -> None:
    """Let the embedding of a trained pipeline, which all else reads, see corrected words.

    nlp (Language): The pipeline.
    distance (int): How many letters of a word may be wrong, at most.
    """
    tok2vec: Any = nlp.get_pipe("tok2vec")
    tok2vec.model = embed_corrected(tok2vec.model, Corrector(distance))


def embed_corrected(
    tok2vec: Model[list[Doc], list[Floats2d]], corrector: Corrector
) -> Model[list[Doc], list[Floats2d]]:
    """Put a corrector in front of an embedding.

    tok2vec (Model[List[Doc], List[Floats2d]]): The embedding.
    corrector (Corrector): The corrector.
    RETURNS (Model[List[Doc], List[Floats2d]]): The embedding of corrected documents.
    """
    return Model(
        "embed_corrected",
        lambda model, docs, is_train: tok2vec([corrector(doc) for doc in docs], is_train),
        layers=[tok2vec],
        dims={"nO": tok2vec.get_dim("nO")},
    )
