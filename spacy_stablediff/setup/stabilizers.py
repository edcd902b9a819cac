"""Which losses a stabilizer has, and whom it trains."""

from ..recommended import CLASSIFIER_STABILIZER, COPYING_STABILIZER, STABILIZER
from ..wiring.config import Block, Wiring, takes_transformer
from .order import Order

CLASSIFIERS = ("textcat", "textcat_multilabel")
SPAN_CLASSIFIERS = ("spancat", "spancat_singlelabel")


def learn_from_copies(wiring: Wiring, chosen: list[str], frozen: list[str]) -> bool:
    """Tell whether text classifiers alone are to learn, from embeddings that were trained before.

    wiring (Wiring): How the components embed their tokens.
    chosen (List[str]): The components to diffuse for.
    frozen (List[str]): The components that aren't trained.
    RETURNS (bool): Whether they are, and share these embeddings, which go on learning.
    """
    upstreams = wiring.list_upstreams(chosen)
    listeners = [name for upstream in upstreams for name in wiring.list_listeners(upstream)]
    learning = [name for name in listeners if name not in frozen]
    return (
        bool(upstreams)
        and set(upstreams) <= set(wiring.sourced) - set(frozen)
        and sorted(learning) == sorted(chosen) == sorted(_list_of(wiring, chosen, CLASSIFIERS))
    )


def describe_shared(wiring: Wiring, order: Order, frozen: list[str], upstream: str) -> Block:
    """Describe a stabilizer behind a shared embedding, the first of which trains owned ones too.

    It names whom it trains where that isn't all that it would. Of spans these are no scores, beside
    those of texts: of most spans they are near 0, and stay there where they are to be consistent.

    wiring (Wiring): How the components embed their tokens.
    order (Order): What is to be put into the config.
    frozen (List[str]): The components that aren't trained.
    upstream (str): The component that embeds.
    RETURNS (Dict[str, Any]): The config of the component.
    """
    if order.copying:
        return {"factory": "stabilizer", **COPYING_STABILIZER}
    is_first = wiring.list_upstreams(order.chosen)[0] == upstream
    asked = order.chosen if is_first and order.own_weight else []
    owners = _list_owners(wiring, asked, frozen)
    listeners = [name for name in wiring.list_listeners(upstream) if name not in frozen]
    trained = [*(name for name in listeners if name in order.chosen), *owners]
    kept = _leave_out_spans(wiring, trained)
    owners = [name for name in owners if name in kept]
    learning = [*listeners, *_list_learning_with(wiring, owners, frozen)]
    block = _describe(wiring, learning, order.weight)
    names = list(wiring.components)
    behind = names[names.index(upstream) :]
    if kept != trained or owners != _list_owners(wiring, behind, frozen):
        block["pipes"] = [upstream, *kept]
    return block


def describe_owned(wiring: Wiring, order: Order, frozen: list[str]) -> Block:
    """Describe a stabilizer of components that embed for themselves.

    It trains no span classifiers beside text classifiers, as behind a shared embedding.

    wiring (Wiring): How the components embed their tokens.
    order (Order): What is to be put into the config.
    frozen (List[str]): The components that aren't trained.
    RETURNS (Dict[str, Any]): The config of the component, with whom it trains as its "pipes".
    """
    owners = _list_owners(wiring, order.chosen, frozen)
    block = _describe(wiring, _list_learning_with(wiring, owners, frozen), order.own_weight)
    kept = _leave_out_spans(wiring, owners)
    if _list_of(wiring, kept, SPAN_CLASSIFIERS):
        block["consistency"] = 0.0
    return {**block, "pipes": kept}


def explain_stabilizer(block: Block) -> str:
    """Tell what a stabilizer trains by, and why.

    block (Dict[str, Any]): Its config.
    RETURNS (str): The end of a sentence.
    """
    if block["supervision"] and not block["weight"]:
        return "by the annotation of an edited copy of each text"
    if block["supervision"]:
        return "by vectors and, as text classifiers learn alone, by the annotation of edited copies"
    if block["consistency"]:
        return "by vectors and by scores of edited copies"
    return "by vectors of edited copies"


def _describe(wiring: Wiring, learning: list[str], weight: float) -> Block:
    """Config of a stabilizer of vectors that some components learn from.

    Text classifiers learn the annotation of edited copies where they are alone, and the scores of
    the clean texts beside others.
    """
    classifiers = _list_of(wiring, learning, CLASSIFIERS)
    alone = classifiers and classifiers == learning
    losses = {} if classifiers else {"consistency": 0.0}
    settings = {**(CLASSIFIER_STABILIZER if alone else STABILIZER), **losses, "weight": weight}
    return {"factory": "stabilizer", **settings}


def _leave_out_spans(wiring: Wiring, names: list[str]) -> list[str]:
    """List some components without the span classifiers, if there are text classifiers beside."""
    classifies = _list_of(wiring, names, CLASSIFIERS)
    spans = _list_of(wiring, names, SPAN_CLASSIFIERS) if classifies else []
    return [name for name in names if name not in spans]


def _list_owners(wiring: Wiring, names: list[str], frozen: list[str]) -> list[str]:
    """List those of some components that have embeddings of their own, and learn."""
    return [name for name in names if name in wiring.owned and name not in frozen]


def _list_learning_with(wiring: Wiring, owners: list[str], frozen: list[str]) -> list[str]:
    """List components that embed for themselves, and what learns from the same transformer."""
    learning = _list_owners(wiring, list(wiring.owned), frozen)
    readers = [
        name for name in learning if any(map(takes_transformer, wiring.owned[name].values()))
    ]
    others = readers if set(readers) & set(owners) else []
    return [name for name in learning if name in owners or name in others]


def _list_of(wiring: Wiring, names: list[str], factories: tuple[str, ...]) -> list[str]:
    """List the components that come from some factories."""
    return [name for name in names if wiring.components[name]["factory"] in factories]
