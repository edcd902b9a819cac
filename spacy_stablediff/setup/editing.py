"""Writing diffusion, stability training and known words into the text of a config."""

from collections.abc import Iterator
from pathlib import Path

from spacy.util import load_config_from_str

from ..component.attach import CALLBACK as ATTACH
from ..component.know import CALLBACK as KNOW_WORDS
from ..errors import Errors
from ..layers.diffused_tok2vec import ARCHITECTURE, diffused_config
from ..recommended import COPYING_WORDS, WORDS
from ..wiring.config import (
    SHARED_EMBEDDING,
    Block,
    Wiring,
    find_bags,
    find_blocks,
    list_annotating,
    list_frozen,
    looks_up_words,
)
from ..words.layer import ARCHITECTURE as WORD_GRAPH
from .bags import wrap_bags
from .draft import Draft
from .optimizer import average_weights
from .order import Order
from .pretraining import add_pretraining, count_raw_texts
from .stabilizers import describe_owned, describe_shared, explain_stabilizer

# Why an embedding gets no graph of words.
NO_WORDS = "it doesn't look up the NORM of words, or it isn't known to"


def edit_config(text: str, wiring: Wiring, order: Order, *, path: Path) -> tuple[str, list[str]]:
    """Edit the text of a config, and tell what was changed.

    A text in an unusual layout is written anew, as spaCy writes configs.

    text (str): The config.
    wiring (Wiring): What its components embed and read.
    order (Order): What to put into it.
    path (Path): Where it was read, for errors.
    RETURNS (Tuple[str, List[str]]): The config, and the changes.
    RAISES (ValueError): SD057, SD058, SD060 or SD065, if there is no place for it.
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
        _check_between(wiring, upstream, listeners[-1])
        previous = max([upstream, *spared], key=places.index)
        if places.index(previous) > places.index(diffused[0]):
            names = {"name": diffused[0], "other": previous, "upstream": upstream}
            raise ValueError(Errors.SD057.format(**names))
        if order.copying:
            yield _add_copying(draft, wiring, order, upstream)
            continue
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


def _add_copying(draft: Draft, wiring: Wiring, order: Order, upstream: str) -> str:
    """Add a component 'stabilizer' alone, after an embedding that was trained before."""
    block = describe_shared(wiring, order, list_frozen(draft.config), upstream)
    name = _add_component(draft, "stabilizer", block, upstream, upstream)
    return (
        f"Added component '{name}' after '{upstream}': it trains {explain_stabilizer(block)}. Text "
        f"classifiers on an embedding that was trained before, as '{upstream}', do better so than "
        "with diffusion along documents, which --layer multiscale adds"
    )


def _check_between(wiring: Wiring, upstream: str, listener: str) -> None:
    """Raise SD065 if another shared embedding stands between one and what listens to it."""
    places = list(wiring.components)
    for other in places[places.index(upstream) + 1 : places.index(listener)]:
        if wiring.components[other]["factory"] == SHARED_EMBEDDING:
            details = {"name": listener, "upstream": upstream, "other": other}
            raise ValueError(Errors.SD065.format(**details))


def _stabilize_owned(draft: Draft, wiring: Wiring, order: Order) -> Iterator[str]:
    """Add a component 'stabilizer' before those with embeddings of their own.

    One that follows a shared embedding trains them too.
    """
    if wiring.list_upstreams(order.chosen):
        return
    block = describe_owned(wiring, order, list_frozen(draft.config))
    if names := block["pipes"]:
        added = _find_name(draft, "stabilizer", names[0])
        draft.insert(f"components.{added}", block, after="components")
        draft.add_to_list("nlp.pipeline", added, before=names[0])
        yield (
            f"Added component '{added}' before '{names[0]}': it trains {', '.join(names)} for "
            f"stability, {explain_stabilizer(block)}"
        )


def _add_component(draft: Draft, factory: str, block: Block, upstream: str, previous: str) -> str:
    """Add a component to the pipeline, and return its name."""
    name = _find_name(draft, factory, upstream)
    after = previous if previous.startswith("stablediff") else upstream
    draft.insert(f"components.{name}", block, after=f"components.{after}")
    draft.add_to_list("nlp.pipeline", name, after=previous)
    return name


def _find_name(draft: Draft, factory: str, other: str) -> str:
    """Find a name for a component: that of its factory, with another one's where it is taken."""
    return f"{factory}_{other}" if factory in draft.config["components"] else factory


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
    words = COPYING_WORDS if order.copying else WORDS
    block = {"@callbacks": KNOW_WORDS, "pipes": names, **words}
    draft.insert("nlp.after_pipeline_creation", block, after="nlp")
    rare = "all words keep their own" if order.copying else "rare words share a"
    return (
        f"Added the callback {KNOW_WORDS}: {rare} vector, and misspelt ones are made of known ones, "
        f"in {listed}"
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
