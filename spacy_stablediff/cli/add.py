"""The command `python -m spacy stablediff add`."""

import configparser
import sys
from contextlib import redirect_stdout
from enum import Enum
from pathlib import Path
from typing import Annotated, Any

from spacy.cli._util import COMMAND, Arg, Opt, import_code, string_to_list
from spacy.util import load_config_from_str
from thinc.api import Config, ConfigValidationError
from wasabi import Printer

from ..errors import Errors
from ..recommended import STABILIZER
from ..setup.add import Addition, add_diffusion
from ..setup.choice import FACTORIES
from ._util import CODE, show_errors, stablediff_cli


class Layer(str, Enum):
    """Diffusion layers."""

    heat = "heat"
    implicit = "implicit"
    multiscale = "multiscale"


@stablediff_cli.command("add")
def add_cli(
    base_path: Annotated[
        Path, Arg(help="Path to the config to start from, or - for stdin", allow_dash=True)
    ],
    output_file: Annotated[
        Path, Arg(help="Path to output .cfg file, or - for stdout", allow_dash=True)
    ] = Path("-"),
    layer: Annotated[
        Layer | None,
        Opt("--layer", "-l", help="By default multiscale, or with --time implicit"),
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
            help="Weight of stability training, with which a step takes about 1.5 times as long, "
            "and which also lets rare words share a vector and trains text classifiers by edited "
            "copies; 0 for none. By default "
            f"{STABILIZER['weight']:g} where components share an embedding, 0 where they don't",
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
    pretrain: Annotated[
        bool,
        Opt(
            "--pretrain",
            help="Also put in what `spacy pretrain` needs, for the first of the embeddings",
        ),
    ] = False,
    code_path: Path | None = CODE,
) -> None:
    """
    Put diffusion into a training config. Where components listen to a shared
    tok2vec, the components 'stablediff' and 'stabilizer' are added after that one,
    or, with --pipes, before the first one named. A component's own tok2vec, and one
    that listens to a transformer, is wrapped in spacy-stablediff.DiffusedTok2Vec.v1,
    a bag of words in spacy-stablediff.WordGraphBOW.v1.
    Partial configs are fine, and comments and variables stay.
    """
    named = string_to_list(pipes)
    with show_errors():
        import_code(code_path)
        add(
            base_path,
            output_file,
            layer=layer and layer.value,
            time=time,
            stability=stability,
            pipes=named,
            pretrain=pretrain,
        )


def add(base_path: Path, output_file: Path, *, silent: bool = False, **options: Any) -> Config:
    """Put diffusion into a training config, and print what was changed.

    base_path (Path): The config to start from, "-" to read it from stdin.
    output_file (Path): Where to write the result, overwritten if it exists; "-" to print it to
        stdout, and to stderr what there is to warn of.
    silent (bool): Don't print what was changed, and what there is to warn of.
    **options (Any): What `add_diffusion` takes: layer, time, stability, pipes,
        pretrain.
    RETURNS (Config): The result, with its variables.
    RAISES (ValueError): SD050, SD051 or SD061 if a file can't be read or written; and
        what `add_diffusion` raises.
    """
    if output_file.is_dir():
        raise ValueError(Errors.SD061.format(path=output_file, reason="it is a directory"))
    addition = add_diffusion(_read(base_path), path=base_path, **options)
    if str(output_file) == "-":
        print(addition.text)
        with redirect_stdout(sys.stderr):
            _warn(addition, msg=Printer(no_print=silent))
    else:
        _write(addition.text, output_file)
        msg = Printer(no_print=silent)
        _print(addition, msg=msg)
        _go_on(addition.text, output_file, pretrain=options.get("pretrain", False), msg=msg)
    return load_config_from_str(addition.text)


def _read(path: Path) -> str:
    """Read the text of a config that spaCy can read."""
    is_stdin = str(path) == "-"
    if not is_stdin and not path.is_file():
        found = "a directory" if path.is_dir() else "no such file"
        raise ValueError(Errors.SD050.format(path=path, found=found))
    try:
        text = sys.stdin.read() if is_stdin else path.read_text(encoding="utf-8-sig")
        load_config_from_str(text).interpolate()
    except (UnicodeDecodeError, configparser.Error, ConfigValidationError, KeyError) as error:
        reason = " ".join(str(error).split())
        raise ValueError(Errors.SD051.format(path=path, reason=reason)) from error
    return text


def _print(addition: Addition, *, msg: Printer) -> None:
    for change in addition.changes:
        msg.good(change)
    _warn(addition, msg=msg)


def _warn(addition: Addition, *, msg: Printer) -> None:
    for caution in addition.cautions:
        msg.warn(caution)
    for note in addition.notes:
        msg.info(note)


def _write(text: str, path: Path) -> None:
    """Write the config."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{text}\n", encoding="utf8")
    except OSError as error:
        raise ValueError(Errors.SD061.format(path=path, reason=error.strerror)) from error


def _go_on(text: str, path: Path, *, pretrain: bool, msg: Printer) -> None:
    """Tell that the config is written, and what to do next."""
    msg.good("Saved config", path)
    train = f"train {path} --paths.train ./train.spacy --paths.dev ./dev.spacy"
    if "training" not in load_config_from_str(text):
        msg.text("It is partial, as it was. To fill in what is missing:")
        commands = [f"init fill-config {path} {path}"]
    elif pretrain:
        msg.text("You can now add your data, pretrain the embedding and train your pipeline:")
        limits = "--pretraining.max_epochs 20 --pretraining.n_save_epoch 20"
        pretraining = f"pretrain {path} ./pretrained --paths.raw_text ./raw.jsonl {limits}"
        commands = [pretraining, f"{train} --paths.init_tok2vec ./pretrained/model-last.bin"]
    else:
        msg.text("You can now add your data and train your pipeline:")
        commands = [train]
    if not msg.no_print:
        print("\n".join(f"{COMMAND} {command}" for command in commands))
