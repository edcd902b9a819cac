"""Having the optimizer of a training config average the weights."""

from collections.abc import Iterator
from copy import deepcopy

from ..errors import Warnings
from ..recommended import OPTIMIZER
from ..wiring.config import Block, Wiring, uses_torch
from .draft import Draft

SETTING = "training.optimizer.use_averages"

# Optimizers that can average, and whether they do where nothing is said.
DEFAULTS = {"Adam.v1": False, "RAdam.v1": True, "SGD.v1": True}


def average_weights(draft: Draft, wiring: Wiring) -> Iterator[str]:
    """Average the weights where a stabilizer trains, if the optimizer can.

    The weights of PyTorch models can't be: thinc never puts their averages in place, and
    those of the other parts would not fit them.

    draft (Draft): The config.
    wiring (Wiring): Its components.
    YIELDS (str): What was changed.
    """
    if not _lacks_averages(draft) or uses_torch(wiring.components):
        return
    trial = deepcopy(draft)
    if _get_optimizer(draft).get("@optimizers") in DEFAULTS:
        trial.set(SETTING, OPTIMIZER["use_averages"])
    # What a variable describes, or another one copies, stays as it is.
    if trial.text != draft.text and trial.is_consistent():
        draft.text, draft.config = trial.text, trial.config
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
    way_out = "Recommended is one that averages the weights: use_averages = true of Adam.v1"
    if not _get_optimizer(draft):
        return [f"There is no [training.optimizer] yet. {way_out}"]
    return [f"Left the optimizer as it is. {way_out} in [training.optimizer]"]


def find_misfits(draft: Draft, wiring: Wiring) -> list[str]:
    """Warn of averages of weights beside PyTorch models.

    draft (Draft): The config, after all changes.
    wiring (Wiring): Its components.
    RETURNS (List[str]): The warning, if there is need for it.
    """
    averages = _has_averages(_get_optimizer(draft))
    return [Warnings.SDW53] if averages and uses_torch(wiring.components) else []


def _lacks_averages(draft: Draft) -> bool:
    """Tell whether a stabilizer trains, and weights are not averaged."""
    blocks = draft.config["components"].values()
    trains = any(block.get("factory") == "stabilizer" for block in blocks)
    return trains and not _has_averages(_get_optimizer(draft))


def _has_averages(optimizer: Block) -> bool:
    """Tell whether an optimizer averages, also where the setting is left to it."""
    default = DEFAULTS.get(optimizer.get("@optimizers", ""), False)
    return bool(optimizer.get("use_averages", default))


def _get_optimizer(draft: Draft) -> Block:
    training: Block = draft.config.get("training") or {}
    optimizer = training.get("optimizer")
    return optimizer if isinstance(optimizer, dict) else {}
