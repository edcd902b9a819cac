"""What to tell of a config that gets diffusion: what to beware of, and what was left as it is."""

import re
from collections.abc import Mapping

from ..errors import Warnings
from ..wiring.config import Block, Wiring, find_bags
from .choice import is_default
from .layers import acts_at_once
from .order import Order

# Why a component that embeds, or reads an embedding, gets no diffusion.
IS_FROZEN = "it is frozen, so it would never learn to use it"
STANDS_BEFORE_FROZEN = (
    "a frozen component stands behind it, and would read diffused vectors, which it never learned to "
    "use. Put it behind the frozen ones in [nlp] pipeline"
)


def find_frozen(wiring: Wiring, order: Order, frozen: list[str]) -> list[str]:
    """Warn of components that won't be trained on diffused vectors."""
    names = [name for name in order.chosen if name in frozen]
    idle = [name for name in names if name in wiring.owned and not acts_at_once(order.diffusion)]
    changed = [name for name in names if name not in idle]
    return [
        *([Warnings.SDW50.format(names=", ".join(changed))] if changed else []),
        *([Warnings.SDW54.format(names=", ".join(idle))] if idle else []),
    ]


def find_trained(wiring: Wiring, order: Order) -> list[str]:
    """Warn of components that are trained already, and whose vectors change at once."""
    names = ", ".join(name for name in order.chosen if name in wiring.sourced)
    changes = names and acts_at_once(order.diffusion)
    return [Warnings.SDW52.format(names=names)] if changes else []


def find_losses(before: str, after: str) -> list[str]:
    """Warn of comments that were lost."""
    comments = re.compile(r"(?m)^[ \t]*[#;]")
    count = len(comments.findall(before)) - len(comments.findall(after))
    return [Warnings.SDW51.format(count=count)] if count else []


def find_unchanged(wiring: Wiring, chosen: list[str], frozen: list[str]) -> list[str]:
    """Tell of components that a user might expect to be changed, and aren't."""
    notes = []
    for name in wiring.components:
        if name in chosen:
            continue
        if name in frozen and name in wiring.owned | wiring.upstreams:
            notes.append(f"Left '{name}' as it is: {IS_FROZEN}")
        elif name in wiring.upstreams:
            notes.append(f"Left '{name}' as it is: {STANDS_BEFORE_FROZEN}")
        elif name in wiring.owned:
            reason = "to diffuse its own tok2vec, name it in --pipes"
            notes.append(f"Left '{name}' as it is: {reason}")
        elif is_default(wiring, name):
            notes.append(_describe_bare(name, wiring.components[name]))
    return notes


def _describe_bare(name: str, component: Block) -> str:
    """Tell why a component that others of its kind are diffused for is left as it is."""
    if any(find_bags(component)):
        return f"Left '{name}' as it is: its bag of words was trained before"
    return f"Left '{name}' as it is: it has no tok2vec"


def find_unused(options: Mapping[str, object], wiring: Wiring, chosen: list[str]) -> list[str]:
    """Tell of options for embeddings where there are none."""
    given = [f"--{name}" for name, value in options.items() if value is not None]
    if not given or any(name in wiring.upstreams | wiring.owned for name in chosen):
        return []
    names = ", ".join(chosen)
    return [f"Made no use of {', '.join(given)}: {names} only counts words, so it has no vectors"]
