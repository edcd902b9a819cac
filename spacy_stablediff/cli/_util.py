"""What the commands share: their place under `python -m spacy`, and how they fail."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from spacy.cli._util import Opt, app, setup_gpu
from typer import Typer
from wasabi import Printer

from ..errors import Errors

HELP = "Commands for pipelines with diffused vectors, and for measuring how stable a pipeline is."

stablediff_cli = Typer(name="stablediff", help=HELP, no_args_is_help=True)
app.add_typer(stablediff_cli)

# Options that several commands have.
CODE = Opt(
    None,
    "--code",
    "-c",
    help="Path to Python file with additional code (registered functions) to be imported",
)
GPU = Opt(-1, "--gpu-id", "-g", help="GPU ID or -1 for CPU")


def check_directory(path: Path, error: str) -> None:
    """Check before the work begins that a directory can be made for its output.

    path (Path): The directory; it may be there already.
    error (str): What is raised as a ValueError if it can't be made, with {path} and {reason}.
    """
    nearest = next(each for each in (path, *path.absolute().parents) if each.exists())
    try:
        TemporaryDirectory(dir=nearest).cleanup()
    except OSError as problem:
        raise ValueError(error.format(path=path, reason=problem.strerror)) from None


def set_up_gpu(number: int) -> None:
    """Use a GPU, as spaCy's own commands do.

    number (int): Its number, -1 for the CPU.
    RAISES (ValueError): SD131 if it can't be used.
    """
    try:
        setup_gpu(number, silent=True)
    except ValueError as error:
        raise ValueError(Errors.SD131.format(id=number, problem=error)) from None


@contextmanager
def show_errors() -> Iterator[None]:
    """Turn numbered errors, spaCy's and ours, into a line of output and exit code 1.

    They tell users what to put right, so a traceback would only hide it. Any other
    error is a fault of the program, and passes.
    """
    try:
        yield
    except (ValueError, OSError, ImportError) as error:
        message = str(error)
        if not re.match(r"\[(SD|E)\d+\] ", message):
            raise
        # Pretty output would break the line at column 80.
        Printer(pretty=False).fail(message.splitlines()[0], exits=1)
