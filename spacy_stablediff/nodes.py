"""Finding the parts of the models that components have."""

from collections.abc import Iterator
from typing import Any

from spacy.pipeline.tok2vec import Tok2VecListener
from thinc.api import Model


def walk_nodes(component: Any) -> Iterator[Model]:
    """Walk through a component's model, if it has one.

    component (Any): The component, or anything else in a pipeline.
    YIELDS (Model): The model and its parts, in the order of the model.
    """
    model = getattr(component, "model", None)
    if isinstance(model, Model):
        yield from model.walk()


def walk_listeners(component: Any) -> Iterator[Tok2VecListener]:
    """Find the layers through which a component listens to a shared embedding.

    component (Any): The component, or anything else in a pipeline.
    YIELDS (Tok2VecListener): Its listeners, in the order of the model.
    """
    yield from (node for node in walk_nodes(component) if isinstance(node, Tok2VecListener))
