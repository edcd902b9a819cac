"""The layers through which components listen to a shared embedding."""

from collections.abc import Iterator
from typing import Any

from spacy.pipeline.tok2vec import Tok2VecListener
from thinc.api import Model


def walk_listeners(component: Any) -> Iterator[Tok2VecListener]:
    """Find the listeners in a component's model, if it has one.

    component (Any): The component, or anything else in a pipeline.
    YIELDS (Tok2VecListener): Its listeners, in the order of the model.
    """
    model = getattr(component, "model", None)
    if isinstance(model, Model):
        yield from (node for node in model.walk() if isinstance(node, Tok2VecListener))
