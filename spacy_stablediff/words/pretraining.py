"""Pretraining with `spacy pretrain`, for embeddings that know their words.

An objective of spaCy's masks words in a copy of each text and has the embedding guess them. So the
embedding never sees a text as it is. Here it does, once, which counts its words, and nothing is
counted of the masked copies.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

from spacy.tokens import Doc
from spacy.vocab import Vocab
from thinc.api import Model

from ..wiring.embeddings import skip_head
from .counting import Met
from .known import find_words, trained_on

ARCHITECTURE = "spacy-stablediff.Pretrain.v1"
LAYER = "pretrain"

Objective: TypeAlias = Callable[[Vocab, Model], Model]


def Pretrain(objective: Objective, count_words: bool = True) -> Objective:
    """Pretrain any embedding, and count the words of the texts that it is pretrained on.

    Registered as `spacy-stablediff.Pretrain.v1`, for [pretraining.objective]. The words of
    `spacy-stablediff.WordGraphTok2Vec.v1` are counted in the texts as they are, each
    different text once. Pretrains also what `ner` and `parser` call their tok2vec, an
    embedding and a linear layer behind it, which spaCy alone refuses; the linear layer stays
    as it is. For other embeddings nothing changes.

    objective (Callable[[Vocab, Model], Model]): An objective, such as
        spacy.PretrainCharacters.v1 or spacy.PretrainVectors.v1.
    count_words (bool): Whether the words are counted. If not, those that are known
        afterwards are the words of the training data alone.
    RETURNS (Callable[[Vocab, Model], Model]): The objective.
    """

    def create(vocab: Vocab, tok2vec: Model) -> Model:
        learning = objective(vocab, skip_head(tok2vec))
        model: Model = Model(LAYER, forward, init=init, layers=[learning, tok2vec])
        model.set_ref("tok2vec", tok2vec)
        model.attrs["loss"] = learning.attrs["loss"]
        model.attrs["met"] = Met() if count_words else None
        return model

    return create


def forward(model: Model, docs: list[Doc], is_train: bool) -> tuple[Any, Callable]:
    """Guess the masked words of documents, in training after their words were counted."""
    learning, tok2vec = model.layers
    if not is_train or not list(find_words(tok2vec)):
        return learning(docs, is_train)
    met: Met | None = model.attrs["met"]
    new = [doc for doc in docs if len(doc) and met.add(doc)] if met else []
    if new:
        with trained_on(tok2vec, "raw"):
            skip_head(tok2vec)(new, is_train)
    with trained_on(tok2vec, "counted"):
        return learning(docs, is_train)


def init(model: Model, X: Any = None, Y: Any = None) -> None:
    """Initialize the objective. spaCy has initialized the embedding before."""
    model.layers[0].initialize(X=X, Y=Y)
