"""The text of the benchmarks: film reviews, one by one and joined to one long document."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy
import spacy
from spacy.language import Language
from spacy.tokens import Doc, DocBin
from thinc.api import fix_random_seed

EMBEDDING = {
    "@architectures": "spacy.HashEmbedCNN.v2",
    "pretrained_vectors": None,
    "width": 96,
    "depth": 4,
    "embed_size": 2000,
    "window_size": 1,
    "maxout_pieces": 3,
    "subword_features": True,
}


@dataclass(frozen=True)
class Batch:
    """Documents as the operators take them.

    text (str): "short" for many documents, "long" for a single one.
    X (ndarray): Their vectors, float32, shape (tokens, width).
    lengths (ndarray): Number of tokens of each.
    """

    text: str
    X: numpy.ndarray
    lengths: numpy.ndarray


@dataclass(frozen=True)
class Films:
    """Film reviews of about the size that the comparisons use, as spaCy's documents."""

    nlp: Language
    docs: list[Doc]

    def describe(self) -> dict[str, float]:
        """Return the numbers of documents and tokens, the length of the longest document,
        and how long the document of a token is on average."""
        lengths = numpy.asarray([len(doc) for doc in self.docs])
        return {
            "documents": len(lengths),
            "tokens": int(lengths.sum()),
            "longest": int(lengths.max()),
            "neighbours": float((lengths**2).sum() / lengths.sum()),
        }

    def embed(self, text: str, width: int) -> Batch:
        """Embed the text by spaCy's tok2vec, with random weights.

        text (str): "short" or "long".
        width (int): The width of the vectors.
        RETURNS (Batch): Vectors and lengths.
        """
        docs = self.docs if text == "short" else [Doc.from_docs(self.docs)]
        X = numpy.concatenate(make_embedding(self.nlp, width).predict(docs))
        return Batch(text, X, numpy.asarray([len(doc) for doc in docs], dtype="int32"))


def load_films(corpus: Path, tokens: int) -> Films:
    """Load film reviews until they have about so many tokens."""
    nlp = spacy.blank("en")
    docs: list[Doc] = []
    total = 0
    for doc in DocBin().from_disk(corpus / "train.spacy").get_docs(nlp.vocab):
        total += len(doc)
        if total > tokens:
            break
        docs.append(doc)
    return Films(nlp, docs)


def make_embedding(nlp: Language, width: int) -> Any:
    """Make spaCy's default embedding of the given width, with random weights."""
    fix_random_seed(0)
    tok2vec: Any = nlp.create_pipe("tok2vec", config={"model": {**EMBEDDING, "width": width}})
    tok2vec.model.initialize()
    return tok2vec.model
