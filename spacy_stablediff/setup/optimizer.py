"""Having the optimizer of a training config average the weights."""

from collections.abc import Iterator

from ..recommended import OPTIMIZER
from ..wiring.config import Block, Wiring, uses_torch
from .draft import Draft

AVERAGING = ("Adam.v1", "RAdam.v1")


def average_weights(draft: Draft, wiring: Wiring) -> Iterator[str]:
    """Average the weights where a stabilizer trains, if the optimizer can.

    The weights of PyTorch models can't be: thinc never puts their averages in place, and
    those of the other parts would not fit them.

    draft (Draft): The config.
    wiring (Wiring): Its components.
    YIELDS (str): What was changed.
    """
    optimizer = _get_optimizer(draft)
    if not _lacks_averages(draft) or uses_torch(wiring.components):
        return
    if optimizer.get("@optimizers") in AVERAGING:
        draft.set("training.optimizer.use_averages", OPTIMIZER["use_averages"])
        yield (
            "Set use_averages = true in [training.optimizer]: the weights are averaged over the "
            "steps of training, so that the result hangs less on the step at which it ends"
        )


def find_unaveraged(draft: Draft, wiring: Wiring) -> list[str]:
    """Tell that the recommended averages of weights are left out, where they are.

    draft (Draft): The config, after all changes.
    wiring (Wiring): Its components.
    RETURNS (List[str]): What there is to tell, if anything.
    """
    if not _lacks_averages(draft):
        return []
    if uses_torch(wiring.components):
        return ["Left the optimizer as it is: the weights of PyTorch models can't be averaged"]
    return [
        "Left the optimizer as it is. Recommended is one that averages the weights: use_averages = "
        f"true of {AVERAGING[0]} in [training.optimizer]"
    ]


def _lacks_averages(draft: Draft) -> bool:
    """Tell whether a stabilizer trains, and weights are not averaged."""
    blocks = draft.config["components"].values()
    trains = any(block.get("factory") == "stabilizer" for block in blocks)
    return trains and not _get_optimizer(draft).get("use_averages")


def _get_optimizer(draft: Draft) -> Block:
    optimizer: Block = draft.config.get("training", {}).get("optimizer", {})
    return optimizer
