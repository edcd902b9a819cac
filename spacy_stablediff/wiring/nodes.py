"""The parts of a component's model: to walk through, to find and to replace."""

from collections.abc import Iterator
from typing import Any

from spacy.attrs import intify_attr
from spacy.util import registry, replace_model_node
from thinc.api import Model, noop


def walk_nodes(component: Any) -> Iterator[Model]:
    """Walk through a component's model, if it has one.

    component (Any): The component, or anything else in a pipeline, or the model.
    YIELDS (Model): The model and its parts, in the order of the model.
    """
    model = component if isinstance(component, Model) else getattr(component, "model", None)
    if isinstance(model, Model):
        yield from model.walk()


def find_node(component: Any, name: str) -> Model | None:
    """Find the first part of a component's model that has a name, if there is one."""
    return next((node for node in walk_nodes(component) if node.name == name), None)


def find_extractors(model: Model, attr: str | None = None) -> list[Model]:
    """Find the layers of a model that extract features of tokens.

    model (Model): The model.
    attr (Optional[str]): A feature that they must extract, such as "NORM".
    RETURNS (List[Model]): The layers.
    """
    extractors = (node for node in model.walk() if node.name == "extract_features")
    return [node for node in extractors if attr is None or find_column(node, attr) is not None]


def find_column(extractor: Model, attr: str) -> int | None:
    """Find in which column a layer has a feature of tokens.

    extractor (Model[List[Doc], List[Ints2d]]): The layer.
    attr (str): The feature, such as "NORM".
    RETURNS (Optional[int]): The column; None if it doesn't extract the feature.
    """
    columns = [intify_attr(column) for column in extractor.attrs["columns"]]
    return columns.index(intify_attr(attr)) if intify_attr(attr) in columns else None


def list_features(model: Model) -> set[int]:
    """List the features of tokens that a model extracts, as numbers of spaCy's."""
    extractors = find_extractors(model)
    return {intify_attr(column) for node in extractors for column in node.attrs["columns"]}


def get_output_width(component: Any) -> int | None:
    """Return the width of the vectors that a component's model gives, None if unknown."""
    model = getattr(component, "model", None)
    return model.maybe_get_dim("nO") if isinstance(model, Model) else None


def is_trained(component: Any) -> bool:
    """Tell whether a component's model has its parameters, as after training or loading."""
    nodes = list(walk_nodes(component))
    return any(node.has_param(name) for node in nodes for name in node.param_names)


def match_nodes(component: Any, blocks: list[dict[str, Any]]) -> list[Model | None]:
    """Find the parts of a component's model that config blocks describe.

    component (Pipe): The component.
    blocks (List[Dict[str, Any]]): Configs of embeddings, without variables.
    RETURNS (List[Optional[Model]]): For each block the first part of the model that has
        the described structure and isn't another block's, or None.
    """
    nodes: list[Model | None] = []
    for block in blocks:
        described = _get_structure(registry.resolve({"tok2vec": block})["tok2vec"])
        candidates = (node for node in walk_nodes(component) if node not in nodes)
        matching = (node for node in candidates if _get_structure(node) == described)
        nodes.append(next(matching, None))
    return nodes


def _get_structure(model: Model) -> list[str]:
    # A chain is named when it is made, and keeps its name where a part is replaced.
    return [node.name for node in model.walk() if ">>" not in node.name]


def replace_node(component: Any, target: Model, replacement: Model) -> None:
    """Replace a node of a component's model, or the whole, by one that may contain it.

    component (TrainablePipe): The component.
    target (Model): The node.
    replacement (Model): What to put in its place.
    """
    if component.model is target:
        component.model = replacement
        return
    gap: Model = noop()
    replace_model_node(component.model, target, gap)
    replace_model_node(component.model, gap, replacement)
