"""How the components of a config embed their tokens: together, each for itself, not at all.

The one module that knows the architectures of spaCy and its transformers by name, and
where a pipeline keeps its config.
"""

import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spacy.language import Language
from spacy.util import (
    get_model_meta,
    get_package_path,
    is_package,
    load_config,
    set_dot_to_object,
    walk_dict,
)
from thinc.api import Config

from ..errors import Errors, Warnings

Block = dict[str, Any]

LISTENER = "spacy.Tok2VecListener.v1"
TORCH = re.compile("torch|transformer", re.IGNORECASE)
BAG_OF_WORDS = re.compile(r"spacy(-legacy)?\.TextCatBOW\.v\d+")
SHARED_EMBEDDING = "tok2vec"

# The settings that list components, with their sections.
LISTS = (
    ("nlp", "pipeline"),
    ("training", "frozen_components"),
    ("training", "annotating_components"),
)


@dataclass
class Wiring:
    """How the components of a pipeline embed their tokens.

    components (Dict[str, Dict[str, Any]]): The config of each component, in the order
        of the pipeline, with the defaults of its factory; without variables.
    sourced (List[str]): The components that come from another pipeline.
    upstreams (Dict[str, str]): For each component that listens to a shared embedding,
        the component that it listens to.
    owned (Dict[str, Dict[str, Dict[str, Any]]]): For each component that has embeddings
        of its own, their blocks by their paths, such as "model.tok2vec".
    """

    components: dict[str, Block]
    sourced: list[str]
    upstreams: dict[str, str]
    owned: dict[str, dict[str, Block]]

    def list_upstreams(self, names: list[str]) -> list[str]:
        """List the shared embeddings that components listen to, each once.

        names (List[str]): The components.
        RETURNS (List[str]): The components that embed for them.
        """
        listening = [self.upstreams[name] for name in names if name in self.upstreams]
        return list(dict.fromkeys(listening))

    def list_listeners(self, upstream: str) -> list[str]:
        """List the components that listen to a shared embedding."""
        return [name for name, other in self.upstreams.items() if other == upstream]


def find_wiring(config: Config, *, path: Path) -> Wiring:
    """Find out how the components of a config embed their tokens.

    config (Config): The config, without variables.
    path (Path): Where it was read, for errors.
    RETURNS (Wiring): How they do it.
    RAISES (ValueError): SD051 or SD056 if the config is inconsistent, SD059 if a source
        is missing.
    """
    for place in LISTS:
        _check_list(config, place, path=path)
    blocks, pipeline = config.get("components", {}), config.get("nlp", {}).get("pipeline") or []
    for name in pipeline:
        block = blocks.get(name, {})
        if not isinstance(block, dict) or not {"factory", "source"} & set(block):
            reason = f"[nlp] pipeline is {pipeline}, but no [components.{name}] has a factory."
            raise ValueError(Errors.SD051.format(path=path, reason=reason))
    wiring = Wiring({}, [], {}, {})
    nlp = Language()  # only now spaCy knows its factories
    for name in pipeline:
        if "factory" in blocks[name]:
            wiring.components[name] = _fill_defaults(nlp, blocks[name])
        else:
            wiring.components[name] = _load_source(name, blocks[name], path=path)
            wiring.sourced.append(name)
    for name, component in wiring.components.items():
        for where, block in find_blocks(component):
            replaced = where in blocks[name].get("replace_listeners", [])
            if is_listener(block) and not replaced:
                wiring.upstreams[name] = _find_upstream(name, block, wiring.components)
            else:
                wiring.owned.setdefault(name, {})[where] = block
    return wiring


def _check_list(config: Block, place: tuple[str, str], *, path: Path) -> None:
    """Raise SD051 if a setting that lists components holds anything else, as a single name."""
    section, setting = place
    value = config.get(section, {}).get(setting)
    if value is not None and not isinstance(value, list):
        reason = (
            f'[{section}] {setting} must be a list of names, such as ["ner"], but is {value!r}.'
        )
        raise ValueError(Errors.SD051.format(path=path, reason=reason))


def find_ours(config: Block) -> Iterator[str]:
    """Find the blocks of a config that make something of this package part of the pipeline.

    Its augmenters and its scorer work in any pipeline, and are none of that.

    config (Dict[str, Any]): The config.
    YIELDS (str): Their places, in dot notation.
    """
    for keys, value in walk_dict(config):
        is_part = keys[-1] in ("@architectures", "@callbacks")
        registered = is_part and str(value).startswith("spacy-stablediff.")
        component = keys[-1] == "factory" and value in ("stablediff", "stabilizer")
        if registered or component:
            yield ".".join(keys[:-1])


def list_frozen(config: Block) -> list[str]:
    """List the components that a config says are not to be trained."""
    return config.get("training", {}).get("frozen_components") or []


def list_annotating(config: Block) -> list[str]:
    """List the components that a config has annotate the texts that it trains on."""
    return config.get("training", {}).get("annotating_components") or []


def is_listener(block: Block) -> bool:
    """Tell whether a block describes a listener of a shared embedding."""
    return block["@architectures"] == LISTENER


def takes_transformer(block: Block) -> bool:
    """Tell whether an embedding takes its vectors from a transformer.

    block (Dict[str, Any]): The config of its architecture, or of what is around it.
    RETURNS (bool): Whether it does, as its name tells.
    """
    named = str(block.get("@architectures", ""))
    within = [each for each in block.values() if isinstance(each, dict)]
    return "ransformer" in named or any(map(takes_transformer, within))


def looks_up_words(block: Block) -> bool:
    """Tell whether an embedding looks up the NORM of tokens.

    block (Dict[str, Any]): The config of its architecture.
    RETURNS (bool): Whether it does; False if that isn't known.
    """
    name = block.get("@architectures", "")
    if name.startswith("spacy.Tok2Vec."):
        return looks_up_words(block.get("embed", {}))
    if name.startswith("spacy.MultiHashEmbed."):
        return "NORM" in [str(attr).upper() for attr in block.get("attrs", [])]
    return bool(name.startswith("spacy.HashEmbedCNN."))


def uses_torch(config: Block) -> bool:
    """Tell whether a config names a model of PyTorch: a transformer, or an encoder.

    config (Dict[str, Any]): The config, or a part of it, without variables.
    RETURNS (bool): Whether it does.
    """
    return any(
        keys[-1] in ("factory", "@architectures") and TORCH.search(str(value))
        for keys, value in walk_dict(config)
    )


def find_blocks(config: Block, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Block]]:
    """Find the embeddings that a component's config describes, the outermost ones.

    config (Dict[str, Any]): Config of the component, without variables.
    path (Tuple[str, ...]): Where it stands, in front of the paths that are found.
    YIELDS (Tuple[str, Dict[str, Any]]): The path of each, such as "model.tok2vec",
        and its block.
    """
    for key, value in config.items():
        if isinstance(value, dict):
            if key == "tok2vec" and "@architectures" in value:
                yield ".".join((*path, key)), value
            else:
                yield from find_blocks(value, (*path, key))


def find_bags(config: Block, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Block]]:
    """Find the bags of words that a component's config describes.

    config (Dict[str, Any]): Config of the component, without variables.
    path (Tuple[str, ...]): Where it stands, in front of the paths that are found.
    YIELDS (Tuple[str, Dict[str, Any]]): The path of each, such as "model", and its block.
    """
    if is_bag(config):
        yield ".".join(path), config
    for key, value in config.items():
        if isinstance(value, dict):
            yield from find_bags(value, (*path, key))


def is_bag(block: Block) -> bool:
    """Tell whether a block describes a bag of words."""
    return bool(BAG_OF_WORDS.fullmatch(str(block.get("@architectures", ""))))


# The config of a pipeline.


def get_config(nlp: Language, name: str) -> Block:
    """Return a component's config, without variables, or raise spaCy's E001.

    nlp (Language): The pipeline.
    name (str): The component.
    RETURNS (Dict[str, Any]): Its config.
    """
    nlp.get_pipe(name)
    return nlp.config.interpolate()["components"][name]


def find_pipes(nlp: Language, pipes: list[str], callback: str) -> Iterator[str]:
    """Yield those of a callback's components that are there, and warn of the others.

    nlp (Language): The pipeline.
    pipes (List[str]): The names of the components.
    callback (str): The registered name of the callback.
    YIELDS (str): The names of those that the pipeline has.
    """
    for name in pipes:
        if name in nlp.component_names:
            yield name
        else:
            options = {"name": name, "opts": ", ".join(nlp.component_names)}
            warnings.warn(Warnings.SDW05.format(callback=callback, **options), stacklevel=3)


def set_block(nlp: Language, name: str, path: str, block: Block) -> None:
    """Write an embedding's block to a component's config.

    Variables that point to it, into it or to what holds it would then point to
    something else, so they give way to their values.

    nlp (Language): The pipeline.
    name (str): The component.
    path (str): Where in the component's config, such as "model.tok2vec".
    block (Dict[str, Any]): What is to stand there.
    """
    target = f"components.{name}.{path}"
    values = nlp.config.interpolate()
    _fill_variables(nlp.config, values, target)
    for pipe, config in nlp._pipe_configs.items():
        _fill_variables(config, values["components"][pipe], target)
    set_dot_to_object(nlp._pipe_configs[name], path, block)


def _fill_variables(config: Block, values: Block, target: str) -> None:
    """Replace the variables of a config that point to, into or around a block."""
    for key, value in config.items():
        if isinstance(value, dict):
            _fill_variables(value, values[key], target)
        elif any(_overlap(path, target) for path in re.findall(r"\$\{([^}]+)\}", str(value))):
            config[key] = values[key]


def _overlap(variable: str, target: str) -> bool:
    """Tell whether one of two places in a config holds the other."""
    a, b = variable.replace(":", ".") + ".", target + "."
    return a.startswith(b) or b.startswith(a)


# What a config leaves to others.


def _fill_defaults(nlp: Language, component: Block) -> Block:
    """Fill in the defaults of a component's factory, as spaCy does, where it is known."""
    factory = component["factory"]
    if not nlp.has_factory(factory):
        return component
    return Config(nlp.get_factory_meta(factory).default_config).merge(component)


def _load_source(name: str, component: Block, *, path: Path) -> Block:
    """Load the config that a sourced component brings along."""
    source, origin = component["source"], component.get("component", name)
    file = _find_config(source) if isinstance(source, str) else None
    components = {} if file is None else load_config(file, interpolate=True)["components"]
    if origin not in components:
        raise ValueError(Errors.SD059.format(path=path, name=name, component=origin, source=source))
    return components[origin]


def _find_config(source: str) -> Path | None:
    """Find the config of a pipeline, which is a package or a folder."""
    folder = Path(source)
    if is_package(source):
        package = get_package_path(source)
        meta = get_model_meta(package)
        folder = package / f"{meta['lang']}_{meta['name']}-{meta['version']}"
    file = folder / "config.cfg"
    return file if file.is_file() else None


def _find_upstream(name: str, listener: Block, components: dict[str, Block]) -> str:
    """Find the component before a listener that it listens to."""
    names = list(components)
    upstream = listener.get("upstream", "*")
    for other in reversed(names[: names.index(name)]):
        shares = components[other]["factory"] == SHARED_EMBEDDING
        if other == upstream or (upstream == "*" and shares):
            return other
    raise ValueError(Errors.SD056.format(name=name, upstream=upstream, opts=", ".join(names)))
