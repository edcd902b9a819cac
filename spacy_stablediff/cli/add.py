"""python -m spacy stablediff add: put diffusion into a training config."""

import configparser
import re
import sys
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any

from spacy.cli._util import COMMAND, Arg, Opt, string_to_list
from spacy.util import load_config_from_str, registry
from thinc.api import Config, ConfigValidationError
from wasabi import Printer

from ..attachment import CALLBACK, diffused_config, find_blocks
from ..errors import Errors, Warnings
from ..known_words import ARCHITECTURE as KNOWN_WORDS
from ..known_words import CALLBACK as KNOW_WORDS
from ..known_words import looks_up_words
from ..layers import heat, implicit, multiscale
from ..stability.objective import check_weight
from ..tok2vec import ARCHITECTURE, check_choice
from ._draft import Draft
from ._util import show_errors, stablediff_cli
from ._wiring import Wiring, find_wiring

# What the study found to serve classification and entities alike: the weights of
# stability training and, where text is classified, of consistent scores, how often a
# word is seen before it is known, and before others are taken for it, and the layer.
STUDIED_WEIGHT = 0.05
STUDIED_CONSISTENCY = 1.0
STUDIED_COUNTS = {"min_count": 2, "typo_count": 5}
STUDIED_LAYER = {
    "@architectures": multiscale.ARCHITECTURE,
    "times": [4.0, 32.0, None],
    "learn_confidence": True,
}
LAYERS: dict[str, dict[str, Any]] = {
    "heat": {"@architectures": heat.ARCHITECTURE},
    "implicit": {"@architectures": implicit.ARCHITECTURE},
    "multiscale": STUDIED_LAYER,
}
CLASSIFIERS = ("textcat", "textcat_multilabel")
FACTORIES = ("ner", *CLASSIFIERS, "spancat")


@stablediff_cli.command("add")
def add_cli(
    base_path: Annotated[
        Path, Arg(help="Path to the config to start from, or - for stdin", allow_dash=True)
    ],
    output_file: Annotated[
        Path, Arg(help="Path to output .cfg file, or - for stdout", allow_dash=True)
    ] = Path("-"),
    layer: Annotated[
        str | None,
        Opt(
            "--layer",
            "-l",
            help=f"Diffusion layer: {' or '.join(LAYERS)}. By default multiscale with stability "
            "training, and implicit without it or with --time",
        ),
    ] = None,
    time: Annotated[
        float | None,
        Opt("--time", "-t", help="Diffusion time, by default the layer's own (0.5)"),
    ] = None,
    stability: Annotated[
        float | None,
        Opt(
            "--stability",
            "-s",
            help="Weight of stability training, which about doubles the training time, and which "
            "also lets rare words share a vector and makes the scores of text classifiers "
            "consistent; 0 for none. By default "
            f"{STUDIED_WEIGHT:g} where components share an embedding, which it needs",
        ),
    ] = None,
    pipes: Annotated[
        str,
        Opt(
            "--pipes",
            "-p",
            help="Comma-separated names of the components to diffuse for. By default all that "
            f"listen to a shared tok2vec, and each {', '.join(FACTORIES)} that doesn't",
        ),
    ] = "",
) -> None:
    """
    Put diffusion into a training config. Where components listen to a shared
    tok2vec, the component 'stablediff' is added after that one, or, with --pipes,
    before the first one named. A component's own tok2vec, and one that listens to
    a transformer, is wrapped in spacy-stablediff.DiffusedTok2Vec.v1. Partial
    configs are fine, and comments and variables stay.
    """
    with show_errors():
        named = string_to_list(pipes)
        add(base_path, output_file, layer=layer, time=time, stability=stability, pipes=named)


def add(
    base_path: Path,
    output_file: Path,
    *,
    layer: str | None = None,
    time: float | None = None,
    stability: float | None = None,
    pipes: Iterable[str] = (),
    silent: bool = False,
) -> Config:
    """Put diffusion into a training config, and print what was changed.

    base_path (Path): The config to start from, "-" to read it from stdin.
    output_file (Path): Where to write the result, overwritten if it exists; "-" to
        print it, and nothing else.
    layer (Optional[str]): "heat", "implicit" or "multiscale". By default the last
        for a component that trains for stability, unless a time is given, and the
        second for others.
    time (Optional[float]): Diffusion time, by default the layer's own.
    stability (Optional[float]): Weight of stability training, by default
        `STUDIED_WEIGHT` where components share an embedding.
    pipes (Iterable[str]): The components to diffuse for. By default all that listen
        to a shared tok2vec, and those of `FACTORIES` that have one of their own.
    silent (bool): Don't print what was changed.
    RETURNS (Config): The result, with its variables.
    RAISES (ValueError): SD001, SD012 or SD024 for a wrong time, layer or weight,
        SD050 to SD063.
    """
    if output_file.is_dir():
        raise ValueError(Errors.SD061.format(path=output_file))
    weight = STUDIED_WEIGHT if stability is None else stability
    check_weight("stablediff add", "--stability", weight)
    with warnings.catch_warnings(record=True) as caught:
        diffusion = _get_diffusion(layer or "implicit", time)
    component: dict[str, Any] = {"factory": "stablediff", "model": diffusion}
    if weight:
        component["stability"] = {"weight": weight}
    if weight and layer is None and time is None:
        component["model"] = _get_diffusion("multiscale", None)
    text, config = _read(base_path)
    wiring = find_wiring(config, path=base_path)
    chosen = _choose(wiring, list(pipes), path=base_path)
    if stability and not set(chosen) & set(wiring.upstreams):
        raise ValueError(Errors.SD063.format(value=stability, names=", ".join(chosen)))
    edited, changes = _edit(text, wiring, chosen, component, diffusion, path=base_path)
    cautions = [str(warning.message) for warning in caught]
    cautions += _find_frozen(config, chosen) + _find_losses(text, edited)
    is_stdout = str(output_file) == "-"
    msg = Printer(no_print=is_stdout or silent)
    for change in changes:
        msg.good(change)
    for caution in cautions:
        msg.warn(caution)
    for note in [] if pipes else _find_unchanged(wiring, chosen):
        msg.info(note)
    _save(edited, output_file, msg=msg)
    return load_config_from_str(edited)


def _get_diffusion(layer: str, time: float | None) -> dict[str, Any]:
    """Config of the diffusion layer, with all its settings, once they are checked."""
    check_choice("stablediff add", "--layer", layer, tuple(LAYERS))
    if layer == "multiscale" and time is not None:
        raise ValueError(Errors.SD062.format(value=time))
    given = LAYERS[layer] if time is None else {**LAYERS[layer], "time": time}
    filled = registry.fill({"diffusion": given})
    registry.resolve(filled)
    return filled["diffusion"]


def _read(path: Path) -> tuple[str, Config]:
    """Read the text of a config, and what it says, without variables."""
    is_stdin = str(path) == "-"
    if not is_stdin and not path.is_file():
        raise ValueError(Errors.SD050.format(path=path))
    try:
        text = sys.stdin.read() if is_stdin else path.read_text(encoding="utf8")
        return text, load_config_from_str(text).interpolate()
    except (UnicodeDecodeError, configparser.Error, ConfigValidationError, KeyError) as error:
        reason = " ".join(str(error).split())
        raise ValueError(Errors.SD051.format(path=path, reason=reason)) from error


def _choose(wiring: Wiring, named: list[str], *, path: Path) -> list[str]:
    """The components to diffuse for, in the order of the pipeline."""
    embedding = [name for name in wiring.components if name in wiring.upstreams | wiring.owned]
    for name in named:
        if name not in wiring.components:
            raise ValueError(Errors.SD054.format(name=name, opts=", ".join(wiring.components)))
        if name not in embedding:
            opts = ", ".join(embedding) or "none"
            raise ValueError(Errors.SD055.format(name=name, opts=opts))
    if named:
        return [name for name in embedding if name in named]
    chosen = [name for name in embedding if name in wiring.upstreams or _is_default(wiring, name)]
    if not chosen:
        hint = f"To diffuse for {', '.join(embedding)}, use --pipes." if embedding else ""
        fields = {"opts": ", ".join(wiring.components), "factories": " or ".join(FACTORIES)}
        raise ValueError(Errors.SD053.format(path=path, hint=hint, **fields).strip())
    return chosen


def _is_default(wiring: Wiring, name: str) -> bool:
    return wiring.components[name]["factory"] in FACTORIES


def _edit(
    text: str,
    wiring: Wiring,
    chosen: list[str],
    component: dict[str, Any],
    diffusion: dict[str, Any],
    *,
    path: Path,
) -> tuple[str, list[str]]:
    """Edit the text of a config, and tell what was changed. Components 'stablediff' get
    the settings of `component`, and embeddings that others have of their own `diffusion`.

    A text in an unusual layout is written anew, as spaCy writes configs.
    """
    for layout in (text, load_config_from_str(text).to_str(interpolate=False)):
        draft = Draft(layout)
        changes = [
            *_add_components(draft, wiring, chosen, component),
            *(_wrap_shared(draft, wiring, chosen) if "stability" in component else []),
            *_wrap_owned(draft, wiring, chosen, diffusion),
            *_attach_sourced(draft, wiring, chosen, diffusion, path=path),
        ]
        if draft.is_consistent():
            return draft.text.strip("\n"), changes
    raise ValueError(Errors.SD058.format(path=path, architecture=ARCHITECTURE))


def _find_upstreams(wiring: Wiring, chosen: list[str]) -> list[str]:
    """The shared embeddings that components listen to, each once."""
    return list(
        dict.fromkeys(wiring.upstreams[name] for name in chosen if name in wiring.upstreams)
    )


def _add_components(
    draft: Draft, wiring: Wiring, chosen: list[str], settings: dict[str, Any]
) -> Iterator[str]:
    """Add a component 'stablediff' after each shared embedding that is listened to."""
    order = list(wiring.components)
    for upstream in _find_upstreams(wiring, chosen):
        listeners = [name for name, other in wiring.upstreams.items() if other == upstream]
        diffused = [name for name in listeners if name in chosen]
        spared = [name for name in listeners if name not in chosen]
        previous = max([upstream, *spared], key=order.index)
        if order.index(previous) > order.index(diffused[0]):
            names = {"name": diffused[0], "other": previous, "upstream": upstream}
            raise ValueError(Errors.SD057.format(**names))
        component = "stablediff"
        if component in draft.config["components"]:
            component = f"stablediff_{upstream}"
        block = {"factory": "stablediff", "upstream": upstream, **settings}
        classifies = any(wiring.components[name]["factory"] in CLASSIFIERS for name in diffused)
        if "stability" in settings and classifies:
            consistency = {"consistency": STUDIED_CONSISTENCY}
            block["stability"] = {**settings["stability"], **consistency}
        draft.insert(f"components.{component}", block, after=f"components.{upstream}")
        draft.add_to_list("nlp.pipeline", component, after=previous)
        yield (
            f"Added component '{component}' after '{previous}': it diffuses what '{upstream}' "
            f"embeds for {', '.join(diffused)}"
            + (", and trains for stability" if "stability" in settings else "")
        )


def _wrap_shared(draft: Draft, wiring: Wiring, chosen: list[str]) -> Iterator[str]:
    """Let rare words share a vector in the shared embeddings that are listened to."""
    if draft.config.get("pretraining") or draft.config.get("initialize", {}).get("init_tok2vec"):
        return  # weights that were trained without the wrapper wouldn't fit
    frozen, sourced = draft.config.get("training", {}).get("frozen_components", []), []
    for name in _find_upstreams(wiring, chosen):
        model = wiring.components[name]["model"]
        if name in frozen or not looks_up_words(model):
            continue
        if name in wiring.sourced:
            sourced.append(name)
            continue
        if draft.config["components"][name].get("model") != model:
            yield from _write_defaults(draft, wiring, name, "model")
        block = {"@architectures": KNOWN_WORDS, **STUDIED_COUNTS, "tok2vec": model}
        draft.nest(f"components.{name}.model", block, key="tok2vec")
        yield (
            f"Wrapped the model of '{name}' in {KNOWN_WORDS}, so that rare words share a vector and "
            f"typos are corrected: its settings are now in [components.{name}.model.tok2vec]"
        )
    if sourced:
        attaches = any(name in wiring.sourced and name in wiring.owned for name in chosen)
        yield _wrap_sourced(draft, sourced, attaches=attaches)


def _wrap_sourced(draft: Draft, names: list[str], *, attaches: bool) -> str:
    """Have the shared embeddings wrapped that are sourced, unless another callback is there."""
    listed = ", ".join(names)
    if attaches or draft.config["nlp"].get("after_pipeline_creation") is not None:
        return f"Left the model of {listed} without {KNOWN_WORDS}: another callback has its place"
    block = {"@callbacks": KNOW_WORDS, "pipes": names, **STUDIED_COUNTS}
    draft.insert("nlp.after_pipeline_creation", block, after="nlp")
    return (
        f"Added the callback {KNOW_WORDS}: rare words share a vector, and typos are corrected, "
        f"in {listed}"
    )


def _write_defaults(draft: Draft, wiring: Wiring, name: str, key: str) -> Iterator[str]:
    """Write out a block of a component of which a part was left to spaCy."""
    draft.fill(f"components.{name}", {key: wiring.components[name][key]})
    yield f"Wrote the defaults of [components.{name}.{key}] that were left to spaCy"


def _wrap_owned(
    draft: Draft, wiring: Wiring, chosen: list[str], diffusion: dict[str, Any]
) -> Iterator[str]:
    """Wrap the embeddings that components have of their own."""
    for name in chosen:
        described = dict(find_blocks(draft.config["components"][name]))
        for path, block in wiring.owned.get(name, {}).items():
            if name in wiring.sourced:
                continue
            if described.get(path) != block:
                yield from _write_defaults(draft, wiring, name, path.partition(".")[0])
            block = diffused_config(block, diffusion, "doc")
            draft.nest(f"components.{name}.{path}", block, key="tok2vec")
            yield (
                f"Wrapped the tok2vec of '{name}' in {ARCHITECTURE}: its settings are now in "
                f"[components.{name}.{path}.tok2vec]"
            )


def _attach_sourced(
    draft: Draft, wiring: Wiring, chosen: list[str], diffusion: dict[str, Any], *, path: Path
) -> Iterator[str]:
    """Have the embeddings wrapped that sourced components bring along."""
    pipes = [name for name in chosen if name in wiring.sourced and name in wiring.owned]
    if not pipes:
        return
    names = ", ".join(pipes)
    if draft.config["nlp"].get("after_pipeline_creation") is not None:
        raise ValueError(Errors.SD060.format(path=path, names=names))
    block = {"@callbacks": CALLBACK, "pipes": pipes, "diffusion": diffusion}
    draft.insert("nlp.after_pipeline_creation", block, after="nlp")
    yield f"Added the callback {CALLBACK}: it wraps the tok2vec of {names}, which is sourced"


def _find_frozen(config: Config, chosen: list[str]) -> list[str]:
    """Warn of components that won't be trained on diffused vectors."""
    frozen = config.get("training", {}).get("frozen_components", [])
    names = ", ".join(name for name in chosen if name in frozen)
    return [Warnings.SDW50.format(names=names)] if names else []


def _find_losses(before: str, after: str) -> list[str]:
    """Warn of comments that were lost."""
    comments = re.compile(r"(?m)^[ \t]*[#;]")
    count = len(comments.findall(before)) - len(comments.findall(after))
    return [Warnings.SDW51.format(count=count)] if count else []


def _find_unchanged(wiring: Wiring, chosen: list[str]) -> list[str]:
    """Tell of components that a user might expect to be changed, and aren't."""
    notes = []
    for name in wiring.components:
        if name in wiring.owned and name not in chosen:
            notes.append(f"Left '{name}' as it is: to diffuse its own tok2vec, name it in --pipes")
        elif _is_default(wiring, name) and name not in chosen:
            notes.append(f"Left '{name}' as it is: it has no tok2vec")
    return notes


def _save(text: str, path: Path, *, msg: Printer) -> None:
    """Write the config, and tell what to do next."""
    if str(path) == "-":
        print(text)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{text}\n", encoding="utf8")
    msg.good("Saved config", path)
    if "training" in load_config_from_str(text):
        msg.text("You can now add your data and train your pipeline:")
        command = f"train {path} --paths.train ./train.spacy --paths.dev ./dev.spacy"
    else:
        msg.text("It is partial, as it was. To fill in what is missing:")
        command = f"init fill-config {path} {path}"
    if not msg.no_print:
        print(f"{COMMAND} {command}")
