"""Putting diffusion, stability training and known words into a training config."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from spacy.util import load_config_from_str
from thinc.api import Config

from ..checks import is_number
from ..component.attach import CALLBACK as ATTACH
from ..component.know import CALLBACK as KNOW_WORDS
from ..errors import Errors, Warnings
from ..layers.diffused_tok2vec import ARCHITECTURE, diffused_config
from ..recommended import STABILIZER, WORDS
from ..wiring.config import (
    Block,
    Wiring,
    find_bags,
    find_blocks,
    find_ours,
    find_wiring,
    list_annotating,
    list_frozen,
    looks_up_words,
)
from ..words.layer import ARCHITECTURE as WORD_GRAPH
from .bags import Bags, list_bags, wrap_bags
from .draft import Draft
from .layers import LayerName, acts_at_once, describe_layer
from .optimizer import average_weights, find_misfits, find_unaveraged
from .order import Order
from .pretraining import add_pretraining, count_raw_texts, find_others, find_places
from .stabilizers import CLASSIFIERS, describe_owned, describe_shared, explain_stabilizer

# Why an embedding gets no graph of words.
NO_WORDS = "it doesn't look up the NORM of words, or it isn't known to"

FACTORIES = ("ner", *CLASSIFIERS, "spancat")

# Why a component that embeds, or reads an embedding, gets no diffusion.
IS_FROZEN = "it is frozen, so it would never learn to use it"
STANDS_BEFORE_FROZEN = (
    "a frozen component stands behind it, and would read diffused vectors, which it never learned to "
    "use. Put it behind the frozen ones in [nlp] pipeline"
)


@dataclass
class Addition:
    """A config with diffusion, and what there is to tell about it.

    text (str): The config.
    changes (List[str]): What was changed.
    cautions (List[str]): What to beware of.
    notes (List[str]): What was left as it is.
    """

    text: str
    changes: list[str]
    cautions: list[str]
    notes: list[str]


def add_diffusion(
    text: str,
    *,
    path: Path,
    layer: LayerName | None = None,
    time: float | None = None,
    stability: float | None = None,
    pipes: Iterable[str] = (),
    pretrain: bool = False,
) -> Addition:
    """Put diffusion into a training config. Its comments and variables stay.

    text (str): The config, which spaCy can read.
    path (Path): Where it was read, for errors.
    layer (Optional[str]): "heat", "implicit" or "multiscale". By default the
        recommended one, or where a time is given the implicit one.
    time (Optional[float]): Diffusion time, by default the layer's own.
    stability (Optional[float]): Weight of stability training, by default the recommended
        one where components share an embedding, and none where they don't.
    pipes (Iterable[str]): The components to diffuse for. By default all that listen
        to a shared tok2vec, and those of `FACTORIES` that have one of their own, or a bag of
        words.
    pretrain (bool): Put `spacy pretrain` into it as well, for the first of their
        embeddings.
    RETURNS (Addition): The config, and what there is to tell.
    RAISES (ValueError): SD001 or SD024 for a wrong time or weight, SD051 to SD063, SD075
        or SD076 if it can't be pretrained.
    """
    config, named = load_config_from_str(text).interpolate(), list(pipes)
    weight = STABILIZER["weight"] if stability is None else stability
    if not is_number(weight, least=0):
        details = {"owner": "stablediff add", "setting": "--stability", "value": weight}
        raise ValueError(Errors.SD024.format(**details))
    diffusion, cautions = describe_layer(layer, time)
    wiring = find_wiring(config, path=path)
    _check_untouched(config, wiring, path=path)
    bags = list_bags(config, wiring)
    frozen = list_frozen(config)
    chosen = _choose(wiring, bags, named, frozen, path=path)
    places = find_places(config, wiring, chosen, path=path) if pretrain else []
    order = Order(chosen, diffusion, weight, stability or 0.0, bags, places)
    edited, changes = _edit(text, wiring, order, path=path)
    cautions += _find_frozen(wiring, order, frozen) + _find_trained(wiring, order)
    cautions += _find_losses(text, edited) + find_others(edited, order.places)
    notes = [] if named else _find_unchanged(wiring, order.chosen, frozen)
    options = {"layer": layer, "time": time, "stability": stability}
    notes += _find_unused(options, wiring, order.chosen)
    final = Draft(edited)
    notes += find_unaveraged(final, wiring)
    cautions += find_misfits(final, wiring)
    return Addition(edited, changes, cautions, notes)


def _check_untouched(config: Config, wiring: Wiring, *, path: Path) -> None:
    """Raise SD052 if the config, or a component that it sources, has something of ours."""
    components = {**config.get("components", {}), **wiring.components}
    if block := next(find_ours({**config, "components": components}), None):
        raise ValueError(Errors.SD052.format(path=path, block=block))


def _choose(
    wiring: Wiring, bags: Bags, named: list[str], frozen: list[str], *, path: Path
) -> list[str]:
    """The components to diffuse for, in the order of the pipeline."""
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
        blocked = [name for name in wiring.upstreams if name not in frozen]
        if blocked:
            raise ValueError(Errors.SD063.format(path=path, names=", ".join(blocked)))
        hint = f"To diffuse for {', '.join(diffusable)}, use --pipes." if diffusable else ""
        fields = {"opts": ", ".join(wiring.components), "factories": " or ".join(FACTORIES)}
        raise ValueError(Errors.SD053.format(path=path, hint=hint, **fields).strip())
    return chosen


def _list_learning(wiring: Wiring, diffusable: list[str], frozen: list[str]) -> list[str]:
    """List the components that would learn to use a diffusion.

    Frozen ones never would. Of the listeners to a shared embedding none can be spared that stands
    behind one that learns, for what it reads is diffused by its position. Where the embedding is
    frozen, a frozen one predicts what it did before. So then none gets a diffusion.
    """
    learning = [
        name
        for name in diffusable
        if name not in frozen and (name in wiring.upstreams or _is_default(wiring, name))
    ]
    behind: list[str] = []
    for upstream in wiring.list_upstreams(learning):
        listeners = wiring.list_listeners(upstream)
        first = next(place for place, name in enumerate(listeners) if name in learning)
        if upstream in frozen and set(listeners[first:]) & set(frozen):
            learning = [name for name in learning if name not in listeners]
        else:
            behind += listeners[first:]
    return [name for name in diffusable if name in learning or name in behind]


def _is_default(wiring: Wiring, name: str) -> bool:
    return wiring.components[name]["factory"] in FACTORIES


def _edit(text: str, wiring: Wiring, order: Order, *, path: Path) -> tuple[str, list[str]]:
    """Edit the text of a config, and tell what was changed.

    A text in an unusual layout is written anew, as spaCy writes configs.
    """
    for layout in (text, load_config_from_str(text).to_str(interpolate=False)):
        draft = Draft(layout)
        changes = [
            *_add_components(draft, wiring, order),
            *(_stabilize_owned(draft, wiring, order) if order.own_weight else []),
            *(_wrap_shared(draft, wiring, order) if order.weight else []),
            *_wrap_owned(draft, wiring, order),
            *_wrap_bags(draft, wiring, order),
            *_attach_sourced(draft, wiring, order, path=path),
            *average_weights(draft, wiring),
            *(add_pretraining(draft, order.places) if order.places else []),
            *count_raw_texts(draft),
        ]
        if draft.is_consistent():
            return draft.text.strip("\n"), changes
    raise ValueError(Errors.SD058.format(path=path, architecture=ARCHITECTURE))


def _add_components(draft: Draft, wiring: Wiring, order: Order) -> Iterator[str]:
    """Add the components 'stablediff' and 'stabilizer' after each embedding that is shared."""
    places = list(wiring.components)
    for upstream in wiring.list_upstreams(order.chosen):
        listeners = wiring.list_listeners(upstream)
        diffused = [name for name in listeners if name in order.chosen]
        spared = [name for name in listeners if name not in order.chosen]
        previous = max([upstream, *spared], key=places.index)
        if places.index(previous) > places.index(diffused[0]):
            names = {"name": diffused[0], "other": previous, "upstream": upstream}
            raise ValueError(Errors.SD057.format(**names))
        block = {"factory": "stablediff", "upstream": upstream, "model": order.diffusion}
        added = _add_component(draft, "stablediff", block, upstream, previous)
        yield (
            f"Added component '{added}' after '{previous}': it diffuses what '{upstream}' embeds "
            f"for {', '.join(diffused)}"
        )
        if upstream in list_annotating(draft.config):
            draft.add_to_list("training.annotating_components", added, after=upstream)
            yield (
                f"Added '{added}' to [training] annotating_components after '{upstream}': components "
                "that annotate in training read what they read in prediction"
            )
        if order.weight:
            block = describe_shared(wiring, order, list_frozen(draft.config), upstream)
            name = _add_component(draft, "stabilizer", block, upstream, added)
            yield (
                f"Added component '{name}' after '{added}': it trains for stability, "
                f"{explain_stabilizer(block)}"
            )


def _stabilize_owned(draft: Draft, wiring: Wiring, order: Order) -> Iterator[str]:
    """Add a component 'stabilizer' before those with embeddings of their own.

    One that follows a shared embedding trains them too.
    """
    if wiring.list_upstreams(order.chosen):
        return
    block = describe_owned(wiring, order, list_frozen(draft.config))
    if names := block["pipes"]:
        draft.insert("components.stabilizer", block, after="components")
        draft.add_to_list("nlp.pipeline", "stabilizer", before=names[0])
        yield (
            f"Added component 'stabilizer' before '{names[0]}': it trains {', '.join(names)} for "
            f"stability, {explain_stabilizer(block)}"
        )


def _add_component(draft: Draft, factory: str, block: Block, upstream: str, previous: str) -> str:
    """Add a component to the pipeline, and return its name."""
    taken = factory in draft.config["components"]
    name = f"{factory}_{upstream}" if taken else factory
    after = previous if previous.startswith("stablediff") else upstream
    draft.insert(f"components.{name}", block, after=f"components.{after}")
    draft.add_to_list("nlp.pipeline", name, after=previous)
    return name


def _wrap_shared(draft: Draft, wiring: Wiring, order: Order) -> Iterator[str]:
    """Let rare words share a vector in the shared embeddings that are listened to."""
    frozen, names = list_frozen(draft.config), []
    for name in wiring.list_upstreams(order.chosen):
        if name in frozen:
            yield f"Left the model of '{name}' without {WORD_GRAPH}: it is frozen"
        elif not looks_up_words(wiring.components[name]["model"]):
            yield f"Left the model of '{name}' without {WORD_GRAPH}: {NO_WORDS}"
        else:
            names.append(name)
    if names and draft.config.get("initialize", {}).get("init_tok2vec"):
        yield (
            f"Left the model of {', '.join(names)} without {WORD_GRAPH}: the weights that "
            "[initialize] init_tok2vec names were trained without it and would not fit"
        )
        return
    for name in [name for name in names if name not in wiring.sourced]:
        model = wiring.components[name]["model"]
        if draft.config["components"][name].get("model") != model:
            yield from _write_defaults(draft, wiring, name, "model")
        block = {"@architectures": WORD_GRAPH, **WORDS, "tok2vec": model}
        draft.nest(f"components.{name}.model", block, key="tok2vec")
        yield (
            f"Wrapped the model of '{name}' in {WORD_GRAPH}, so that rare words share a vector and "
            f"misspelt ones are made of known ones: its settings are now in [components.{name}.model.tok2vec]"
        )
    if sourced := [name for name in names if name in wiring.sourced]:
        yield _wrap_sourced(draft, wiring, order, sourced)


def _wrap_sourced(draft: Draft, wiring: Wiring, order: Order, names: list[str]) -> str:
    """Have the shared embeddings wrapped that are sourced, unless another callback is there."""
    listed = ", ".join(names)
    attaches = any(name in wiring.sourced and name in wiring.owned for name in order.chosen)
    if attaches or draft.config["nlp"].get("after_pipeline_creation") is not None:
        return f"Left the model of {listed} without {WORD_GRAPH}: another callback has its place"
    block = {"@callbacks": KNOW_WORDS, "pipes": names, **WORDS}
    draft.insert("nlp.after_pipeline_creation", block, after="nlp")
    return (
        f"Added the callback {KNOW_WORDS}: rare words share a vector, and misspelt ones are "
        f"made of known ones, in {listed}"
    )


def _write_defaults(draft: Draft, wiring: Wiring, name: str, key: str) -> Iterator[str]:
    """Write out a block of a component of which a part was left to spaCy."""
    draft.fill(f"components.{name}", {key: wiring.components[name][key]})
    yield f"Wrote the defaults of [components.{name}.{key}] that were left to spaCy"


def _wrap_owned(draft: Draft, wiring: Wiring, order: Order) -> Iterator[str]:
    """Wrap the embeddings that components have of their own."""
    for name in [name for name in order.chosen if name not in wiring.sourced]:
        described = dict(find_blocks(draft.config["components"][name]))
        for path, block in wiring.owned.get(name, {}).items():
            if described.get(path) != block:
                yield from _write_defaults(draft, wiring, name, path.partition(".")[0])
            if order.own_weight and looks_up_words(block):
                block = {"@architectures": WORD_GRAPH, **WORDS, "tok2vec": block}
                draft.nest(f"components.{name}.{path}", block, key="tok2vec")
                yield f"Wrapped the tok2vec of '{name}' in {WORD_GRAPH}"
            elif order.own_weight:
                yield f"Left the tok2vec of '{name}' without {WORD_GRAPH}: {NO_WORDS}"
            block = diffused_config(block, order.diffusion, "doc")
            draft.nest(f"components.{name}.{path}", block, key="tok2vec")
            yield (
                f"Wrapped the tok2vec of '{name}' in {ARCHITECTURE}: its settings are now in "
                f"[components.{name}.{path}.tok2vec]"
            )


def _wrap_bags(draft: Draft, wiring: Wiring, order: Order) -> Iterator[str]:
    """Wrap the bags of words, whose settings may have been left to spaCy."""
    for name in order.chosen:
        described = dict(find_bags(draft.config["components"][name]))
        if any(described.get(path) != block for path, block in order.bags.get(name, {}).items()):
            yield from _write_defaults(draft, wiring, name, "model")
    yield from wrap_bags(draft, order.chosen, order.bags)


def _attach_sourced(draft: Draft, wiring: Wiring, order: Order, *, path: Path) -> Iterator[str]:
    """Have the embeddings wrapped that sourced components bring along."""
    pipes = [name for name in order.chosen if name in wiring.sourced and name in wiring.owned]
    if not pipes:
        return
    names = ", ".join(pipes)
    if draft.config["nlp"].get("after_pipeline_creation") is not None:
        raise ValueError(Errors.SD060.format(path=path, names=names))
    block = {"@callbacks": ATTACH, "pipes": pipes, "diffusion": order.diffusion}
    draft.insert("nlp.after_pipeline_creation", block, after="nlp")
    yield f"Added the callback {ATTACH}: it wraps the tok2vec of {names}, which is sourced"
    if order.own_weight:
        yield f"Left the tok2vec of {names} without {WORD_GRAPH}: the callback has its place"


def _find_frozen(wiring: Wiring, order: Order, frozen: list[str]) -> list[str]:
    """Warn of components that won't be trained on diffused vectors."""
    names = [name for name in order.chosen if name in frozen]
    idle = [name for name in names if name in wiring.owned and not acts_at_once(order.diffusion)]
    changed = [name for name in names if name not in idle]
    return [
        *([Warnings.SDW50.format(names=", ".join(changed))] if changed else []),
        *([Warnings.SDW54.format(names=", ".join(idle))] if idle else []),
    ]


def _find_trained(wiring: Wiring, order: Order) -> list[str]:
    """Warn of components that are trained already, and whose vectors change at once."""
    names = ", ".join(name for name in order.chosen if name in wiring.sourced)
    changes = names and acts_at_once(order.diffusion)
    return [Warnings.SDW52.format(names=names)] if changes else []


def _find_losses(before: str, after: str) -> list[str]:
    """Warn of comments that were lost."""
    comments = re.compile(r"(?m)^[ \t]*[#;]")
    count = len(comments.findall(before)) - len(comments.findall(after))
    return [Warnings.SDW51.format(count=count)] if count else []


def _find_unchanged(wiring: Wiring, chosen: list[str], frozen: list[str]) -> list[str]:
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
        elif _is_default(wiring, name):
            notes.append(_describe_bare(name, wiring.components[name]))
    return notes


def _describe_bare(name: str, component: Block) -> str:
    """Tell why a component that others of its kind are diffused for is left as it is."""
    if any(find_bags(component)):
        return f"Left '{name}' as it is: its bag of words was trained before"
    return f"Left '{name}' as it is: it has no tok2vec"


def _find_unused(options: Mapping[str, object], wiring: Wiring, chosen: list[str]) -> list[str]:
    """Tell of options for embeddings where there are none."""
    given = [f"--{name}" for name, value in options.items() if value is not None]
    if not given or any(name in wiring.upstreams | wiring.owned for name in chosen):
        return []
    names = ", ".join(chosen)
    return [f"Made no use of {', '.join(given)}: {names} only counts words, so it has no vectors"]
