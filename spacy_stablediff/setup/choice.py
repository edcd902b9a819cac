"""Which components of a config get diffusion."""

from pathlib import Path

from ..errors import Errors
from ..wiring.config import Wiring
from .bags import Bags
from .stabilizers import CLASSIFIERS

# The components whose embedding of their own is diffused without being asked for.
FACTORIES = ("ner", *CLASSIFIERS, "spancat")


def choose_components(
    wiring: Wiring, bags: Bags, named: list[str], frozen: list[str], *, path: Path
) -> list[str]:
    """Choose the components to diffuse for.

    wiring (Wiring): What the components of the config embed and read.
    bags (Bags): Their bags of words.
    named (List[str]): Those that the user names; if empty, all that would learn to use it.
    frozen (List[str]): Those that don't learn.
    path (Path): Where the config was read, for errors.
    RETURNS (List[str]): Their names, in the order of the pipeline.
    RAISES (ValueError): SD053 to SD055, SD063 or SD064, if there are none or a named one has
        nothing to diffuse.
    """
    sources = wiring.upstreams | wiring.owned | bags
    diffusable = [name for name in wiring.components if name in sources]
    for name in named:
        if name not in wiring.components:
            raise ValueError(Errors.SD054.format(name=name, opts=", ".join(wiring.components)))
        if name not in diffusable:
            opts = ", ".join(diffusable) or "none"
            raise ValueError(Errors.SD055.format(name=name, opts=opts))
    if named:
        return [name for name in diffusable if name in named]
    chosen = _list_learning(wiring, diffusable, frozen)
    if not chosen:
        raise ValueError(_explain_none(wiring, diffusable, frozen, path=path))
    return chosen


def _explain_none(wiring: Wiring, diffusable: list[str], frozen: list[str], *, path: Path) -> str:
    """Say why there is no component to diffuse for."""
    blocked = [name for name in wiring.upstreams if name not in frozen]
    if blocked:
        return Errors.SD063.format(path=path, names=", ".join(blocked))
    kept = _list_default(wiring, diffusable)
    if kept:
        return Errors.SD064.format(path=path, names=", ".join(kept))
    hint = f"To diffuse for {', '.join(diffusable)}, use --pipes." if diffusable else ""
    fields = {"opts": ", ".join(wiring.components) or "none", "factories": " or ".join(FACTORIES)}
    return Errors.SD053.format(path=path, hint=hint, **fields).strip()


def _list_learning(wiring: Wiring, diffusable: list[str], frozen: list[str]) -> list[str]:
    """List the components that would learn to use a diffusion.

    Frozen ones never would. Of the listeners to a shared embedding none can be spared that stands
    behind one that learns, for what it reads is diffused by its position. Where the embedding is
    frozen, a frozen one predicts what it did before. So then none gets a diffusion.
    """
    learning = [name for name in _list_default(wiring, diffusable) if name not in frozen]
    behind: list[str] = []
    for upstream in wiring.list_upstreams(learning):
        listeners = wiring.list_listeners(upstream)
        first = next(place for place, name in enumerate(listeners) if name in learning)
        if upstream in frozen and set(listeners[first:]) & set(frozen):
            learning = [name for name in learning if name not in listeners]
        else:
            behind += listeners[first:]
    return [name for name in diffusable if name in learning or name in behind]


def _list_default(wiring: Wiring, diffusable: list[str]) -> list[str]:
    """List the components that get a diffusion without being named, if they learn."""
    return [name for name in diffusable if name in wiring.upstreams or is_default(wiring, name)]


def is_default(wiring: Wiring, name: str) -> bool:
    """Whether a component is one of `FACTORIES`."""
    return wiring.components[name]["factory"] in FACTORIES
