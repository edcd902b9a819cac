"""Where vectors come from in a pipeline, and who reads them: position decides."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import takewhile
from typing import Any, NamedTuple, Protocol, runtime_checkable

from spacy.language import Language
from spacy.tokens import Doc
from thinc.api import Ops

from ..types import Backprop, Batch, Boundaries, Diffusion
from .embeddings import SharedEmbedding
from .listeners import walk_listeners


@runtime_checkable
class Diffuser(Protocol):
    """A component that diffuses vectors on their way from an embedding to its readers."""

    name: str
    model: Diffusion
    upstream: str
    source: str
    boundaries: Boundaries

    def get_upstream(self, nlp: Language) -> Any:
        """Return the component whose vectors it diffuses."""

    def get_vectors(self, docs: list[Doc]) -> Batch:
        """Return the vectors that it diffuses, of documents as they come to it."""

    def diffuse(self, docs: list[Doc], vectors: Batch, *, is_train: bool) -> tuple[Batch, Backprop]:
        """Diffuse vectors of documents."""


class Path(NamedTuple):
    """How vectors come to a place in a pipeline.

    embedding (Optional[Tok2Vec]): The component that embeds, None for static vectors.
    diffusers (List[Diffuser]): Those on the way that are switched on, in their order.
    """

    embedding: Any
    diffusers: list[Diffuser]

    @property
    def ops(self) -> Ops:
        """The ops of the models on the way."""
        return (self.embedding or self.diffusers[0]).model.ops


def find_path(nlp: Language, diffuser: Diffuser) -> Path:
    """Find the embedding upstream of a diffuser, and the diffusers on the way.

    nlp (Language): The pipeline.
    diffuser (Diffuser): The component, which ends the path.
    RETURNS (Path): The path.
    RAISES (ValueError): SD003 or SD004 where the embedding isn't found.
    """
    upstream: Any = diffuser
    while isinstance(upstream, Diffuser) and upstream.source == "tensor":
        upstream = upstream.get_upstream(nlp)
    names = nlp.component_names
    stretch = nlp.components[names.index(upstream.name) : names.index(diffuser.name) + 1]
    enabled = [component for name, component in stretch if name not in nlp.disabled]
    diffusers: list[Any] = [component for component in enabled if isinstance(component, Diffuser)]
    return Path(None if isinstance(upstream, Diffuser) else upstream, diffusers)


def find_path_to(nlp: Language, name: str) -> Path | None:
    """Find how vectors come to a component that changes none.

    nlp (Language): The pipeline.
    name (str): The component.
    RETURNS (Optional[Path]): The path, or None where nothing before it embeds.
    RAISES (ValueError): As `find_path`.
    """
    place = nlp.component_names.index(name)
    for other, component in reversed(nlp.components[:place]):
        if other not in nlp.disabled and isinstance(component, Diffuser):
            return find_path(nlp, component)
        if other not in nlp.disabled and isinstance(component, SharedEmbedding):
            return Path(component, [])
    return None


@contextmanager
def enabled(nlp: Language) -> Iterator[None]:
    """Enable all components for a while, as they will be in training.

    `spacy train` disables those that are sourced, or frozen, while it initializes the others.

    nlp (Language): The pipeline.
    """
    disabled = list(nlp.disabled)
    for name in disabled:
        nlp.enable_pipe(name)
    try:
        yield
    finally:
        for name in disabled:
            nlp.disable_pipe(name)


def list_later(nlp: Language, name: str) -> list[tuple[str, Any]]:
    """List names and components after one, disabled ones too."""
    return list(nlp.components)[nlp.component_names.index(name) + 1 :]


def list_readers(nlp: Language, name: str) -> list[tuple[str, Any]]:
    """List names and components after one, disabled ones too, up to the next that embeds.

    nlp (Language): The pipeline.
    name (str): The component that writes vectors, or hands them on.
    RETURNS (List[Tuple[str, Pipe]]): Those that can read its vectors.
    """
    later = list_later(nlp, name)
    return list(takewhile(lambda it: it[0] in nlp.disabled or not _writes_anew(it[1]), later))


def reads(component: Any) -> bool:
    """Tell whether a component reads what a shared embedding, or a diffuser, writes."""
    return isinstance(component, Diffuser) or any(walk_listeners(component))


def _writes_anew(component: Any) -> bool:
    """Tell whether a component replaces doc.tensor, rather than diffuse it."""
    diffuses = isinstance(component, Diffuser) and component.source == "tensor"
    return isinstance(component, SharedEmbedding) and not diffuses
