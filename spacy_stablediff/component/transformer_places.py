"""Where a component trains the vectors of listeners of a transformer.

Each listener pools by itself what the transformer makes of a text, and may diffuse it. The
vectors that are to be steady are those that its component gets.
"""

from collections.abc import Hashable
from typing import Literal

from spacy.language import Language
from spacy.tokens import Doc

from ..errors import Errors
from ..types import Batch
from ..wiring.config import list_frozen
from ..wiring.inlets import Owning
from ..wiring.links import Link, find_link
from ..wiring.listeners import get_batch_id
from ..wiring.path import list_later
from ..wiring.transformers import (
    NOTHING,
    Handed,
    Kept,
    embed_anew,
    get_handed,
    hand,
    is_curated,
)
from .heads import Head, Stage, can_be_consistent
from .places import EmbeddedBatch


class Copies:
    """Edited copies, which a transformer embeds once for all places behind it."""

    def __init__(self) -> None:
        """Begin without places."""
        self.links: list[Link] = []
        self._handed: list[Handed] = []

    def hand(self, link: Link, docs: list[Doc], *, drop: float, learn: bool) -> Handed:
        """Return what a listener is to be handed for the copies.

        link (Link): One of `links`, which ask one after the other.
        docs (List[Doc]): The copies, the same for all.
        drop (float): The dropout rate.
        learn (bool): Whether the transformer learns, when all have given their gradients.
        RETURNS (Handed): What the listener of the link is to be handed.
        """
        if link is self.links[0]:
            listeners = [other.listener for other in self.links]
            self._handed = embed_anew(link.transformer, listeners, docs, drop=drop, learn=learn)
        return self._handed[self.links.index(link)]


class TransformerPlace:
    """Listeners of a transformer that get the same vectors: one, or some that pool alike."""

    def __init__(
        self, name: str, links: list[Link], copies: Copies, *, heads: list[Link], frozen: bool
    ):
        """Train the vectors of components, and the scores of some of them.

        name (str): The component that trains them.
        links (List[Link]): How the components listen, at least one.
        copies (Copies): The edited copies for all places behind the transformer.
        heads (List[Link]): Those whose scores may be trained.
        frozen (bool): Whether the transformer stays as it is.
        """
        self.name, self.links, self.copies, self.heads = name, links, copies, heads
        self.ops = links[0].embedding.ops
        self.trains_vectors = not frozen or links[0].has_parameters
        copies.links.append(links[0])

    def embed(
        self, docs: list[Doc], copies: list[Doc], *, drop: float, losses: dict[str, float]
    ) -> EmbeddedBatch:
        """Pool what the transformer has made of the batch, and let it embed the copies.

        The gradient for the copies goes back with that of the last place behind the
        transformer, that for the batch with the gradient of the listener. A frozen
        transformer takes none.
        """
        link, kept = self.links[0], Kept()
        held = get_handed(link.listener)
        learn = held.batch_id == get_batch_id(docs)
        if not learn and is_curated(link.listener):
            names = {"pipe": link.component.name, "transformer": link.transformer.name}
            raise ValueError(Errors.SD072.format(name=self.name, **names))
        given = held._replace(backprop=kept.take) if learn else NOTHING
        clean, backprop_clean = link.embed(docs, given)
        handed = self.copies.hand(link, copies, drop=drop, learn=learn)
        edited, backprop_edited = link.embed(copies, handed)

        def backprop(d_clean: Batch, d_edited: Batch) -> None:
            backprop_clean(d_clean)
            backprop_edited(d_edited)
            if held.backprop is not None and learn:
                hand(link.listener, held._replace(backprop=kept.add_to(held.backprop)))

        return EmbeddedBatch(clean, edited, backprop)

    def find_stages(self) -> list[Stage]:
        """Return one stage, of the components that score."""
        scoring = [link for link in self.heads if can_be_consistent(link.component)]
        return [Stage(None, [Head(link.component, Owning(link.embedding)) for link in scoring])]


def find_transformer_places(
    nlp: Language, name: str, pipes: Literal["*"] | list[str]
) -> list[TransformerPlace]:
    """Find the listeners of transformers that a component trains.

    nlp (Language): The pipeline.
    name (str): The component.
    pipes (Union[str, List[str]]): The components to train, "*" for all listeners behind it;
        the name of a transformer stands for the vectors of all that listen to it.
    RETURNS (List[TransformerPlace]): The places, without frozen and disabled components.
    """
    frozen = list_frozen(nlp.config)
    groups: dict[Hashable, list[Link]] = {}
    for other, link in list_links(nlp, name).items():
        named = pipes == "*" or other in pipes or link.transformer.name in pipes
        if named and other not in [*nlp.disabled, *frozen]:
            groups.setdefault(link.signature, []).append(link)
    copies: dict[str, Copies] = {}
    return [
        TransformerPlace(
            name,
            links,
            copies.setdefault(links[0].transformer.name, Copies()),
            heads=[link for link in links if pipes == "*" or link.component.name in pipes],
            frozen=links[0].transformer.name in frozen or links[0].is_frozen,
        )
        for links in groups.values()
    ]


def list_links(nlp: Language, name: str) -> dict[str, Link]:
    """List the components that listen to a transformer from behind another component.

    nlp (Language): The pipeline.
    name (str): The other component, which comes after the transformer.
    RETURNS (Dict[str, Link]): How they listen, by their names; disabled ones too.
    """
    earlier = nlp.component_names[: nlp.component_names.index(name)]
    links = {other: find_link(nlp, other) for other, _ in list_later(nlp, name)}
    return {
        other: link
        for other, link in links.items()
        if link is not None and link.transformer.name in earlier
    }
