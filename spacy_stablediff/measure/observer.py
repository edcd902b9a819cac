"""Running a pipeline, and reading the token vectors at one place in it."""

from typing import Any, cast

import numpy
from spacy.language import Language
from spacy.tokens import Doc
from thinc.api import to_numpy
from thinc.types import Floats2d

from ..errors import Errors
from ..layers.diffused_tok2vec import LAYER
from ..wiring.embeddings import Embed, SharedEmbedding, find_embedding
from ..wiring.nodes import find_node
from ..wiring.path import Diffuser


class Observer:
    """Runs a pipeline and reads the vectors at one place in it.

    The place is a component: the vectors that it sees, from its own embedding or
    from the one that it listens to, or those that it writes if it is an embedding
    or a diffusion itself. Without one, the place is where the pipeline diffuses: the
    first component that embeds and diffuses for itself, if no other diffuses for it;
    otherwise doc.tensor behind the whole pipeline, or else the static vectors, or else
    the only component that embeds. Where none embeds, as where texts are classified by
    counting words, the vectors have a width of 0.
    """

    def __init__(
        self,
        nlp: Language,
        sample: Doc,
        *,
        component: str | None = None,
        batch_size: int | None = None,
        predict: bool = True,
    ) -> None:
        """Find the place.

        nlp (Language): The pipeline.
        sample (Doc): A document with tokens, to try the pipeline with.
        component (Optional[str]): The name of the component.
        batch_size (Optional[int]): Number of documents the pipeline works on at once.
        predict (bool): Whether to run the components that come after the place.
        RAISES (ValueError): SD103 if the component isn't in the pipeline, SD104 if
            it sees no token vectors, SD105 if there is no place to read any.
        """
        self.nlp = nlp
        self.batch_size = batch_size
        self.predict = predict
        if component is not None:
            _check_component(nlp, component)
        doc = nlp(sample.copy()) if component is None else sample
        self.component = component or _choose_place(nlp, doc, predict=predict)
        self._documents_have = _describe_vectors(doc)

    @property
    def place(self) -> str:
        """The place in words: a component's name, "doc.tensor", "static vectors" or "none"."""
        return self._documents_have if self.component is None else self.component

    def run(self, docs: list[Doc]) -> tuple[list[Doc], list[Floats2d]]:
        """Run the pipeline on documents, which are modified.

        docs (List[Doc]): Tokenized documents.
        RETURNS (Tuple[List[Doc], List[Floats2d]]): The processed documents, and the
            vectors of each, of shape (tokens, width).
        RAISES (ValueError): SD106 if there isn't a vector for each token, SD107 if a
            vector holds infinite or not-a-number values, SD132 if documents are missing.
        """
        if self.component is None:
            docs = self._pipe(docs, skip=[])
            vectors = [_read_document(doc) for doc in docs]
        else:
            names = self.nlp.pipe_names
            place = names.index(self.component)
            docs = self._pipe(docs, skip=names[place:])
            embed = cast(Embed, find_embedding(self.nlp.get_pipe(self.component)))
            vectors = [cast(Floats2d, to_numpy(array)) for array in embed(docs)]
            if self.predict:
                docs = self._pipe(docs, skip=names[:place])
        for doc, array in zip(docs, vectors, strict=True):
            _check_vectors(doc, array)
        return docs, vectors

    def _pipe(self, docs: list[Doc], skip: list[str]) -> list[Doc]:
        found = list(self.nlp.pipe(docs, disable=skip, batch_size=self.batch_size))
        if len(found) < len(docs):
            raise ValueError(Errors.SD132.format(found=len(found), count=len(docs)))
        return found


def find_same_place(nlp: Language, place: str) -> str | None:
    """Find the place in a baseline that a pipeline was looked at.

    nlp (Language): The baseline.
    place (str): The place in the pipeline.
    RETURNS (Optional[str]): The component of that name, None if it has none or that sees no
        vectors: the baseline is then looked at where it would be without the pipeline.
    """
    is_there = place in nlp.pipe_names and find_embedding(nlp.get_pipe(place)) is not None
    return place if is_there else None


def _check_component(nlp: Language, name: str) -> None:
    """Raise SD103 or SD104 if a component can't be the place."""
    if name not in nlp.pipe_names:
        options = ", ".join(nlp.pipe_names)
        raise ValueError(Errors.SD103.format(name=name, opts=options))
    if find_embedding(nlp.get_pipe(name)) is None:
        options = ", ".join(_embedding_components(nlp))
        raise ValueError(Errors.SD104.format(name=name, opts=options or "none"))


def _choose_place(nlp: Language, doc: Doc, *, predict: bool) -> str | None:
    """Choose the place, for a processed document: a component, or None for the document's
    own vectors, if it has any."""
    diffusing = [item for item in nlp.pipeline if _diffuses(item[1])]
    if diffusing and not any(isinstance(proc, SharedEmbedding) for _, proc in diffusing):
        return diffusing[0][0]
    options = _embedding_components(nlp)
    # A pipeline that cleans documents up has vectors, but not there.
    if _has_tensor(doc) or (nlp.vocab.vectors.size and not (doc.tensor is None and options)):
        return None
    if not options and predict and (doc.cats or doc.has_annotation("ENT_IOB")):
        return None
    if len(options) != 1:
        raise ValueError(Errors.SD105.format(opts=", ".join(options) or "none"))
    return options[0]


def _diffuses(component: object) -> bool:
    """Tell whether a component diffuses, for others or for itself."""
    for_itself = find_node(component, LAYER) is not None and find_embedding(component) is not None
    return for_itself or isinstance(component, Diffuser)


def _embedding_components(nlp: Language) -> list[str]:
    return [name for name, component in nlp.pipeline if find_embedding(component)]


def _has_tensor(doc: Doc) -> bool:
    """Whether a document holds vectors of its tokens; none, where a component cleans it up."""
    return doc.tensor is not None and doc.tensor.size > 0


def _describe_vectors(doc: Doc) -> str:
    """Say which vectors a document has of its own."""
    if _has_tensor(doc):
        return "doc.tensor"
    return "static vectors" if doc.vocab.vectors.size else "none"


def _read_document(doc: Doc) -> Floats2d:
    """Read doc.tensor, or else the static vectors of the tokens."""
    if _has_tensor(doc):
        return cast(Floats2d, to_numpy(doc.tensor))
    # Vectors.get_batch gives tokens without a vector that of another one.
    return cast(Floats2d, numpy.stack([to_numpy(token.vector) for token in doc]))


def _check_vectors(doc: Doc, vectors: Floats2d) -> None:
    if vectors.ndim != 2 or vectors.shape[0] != len(doc):
        raise ValueError(Errors.SD106.format(shape=vectors.shape, length=len(doc)))
    if not numpy.isfinite(cast(Any, vectors)).all():
        raise ValueError(Errors.SD107.format(text=doc.text[:40]))
