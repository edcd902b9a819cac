"""What can be checked before any worker starts."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, TypeAlias

from spacy.tokens import Doc
from spacy.util import is_package

from ..checks import is_whole
from ..errors import Errors

OnError: TypeAlias = Literal["raise", "column"]
Function: TypeAlias = Callable[[Doc], dict[str, Any]]
OutputName: TypeAlias = Literal["entities", "cats", "docbin"]

ON_ERROR = ("raise", "column")
OUTPUTS = ("entities", "cats", "docbin")

# A number of workers, or the least and the most.
Concurrency: TypeAlias = int | tuple[int, int]


def check_model(model: Any) -> str:
    """Return how workers find a pipeline.

    model (Any): The name of an installed package, or a path.
    RETURNS (str): The name, or the absolute path: workers have working directories of their own.
    RAISES (ValueError): SD171 if there is no such pipeline, SD172 for anything else.
    """
    if not isinstance(model, (str, Path)):
        raise ValueError(Errors.SD172.format(value=type(model).__name__))
    if isinstance(model, str) and is_package(model):
        return model
    path = Path(model).absolute()
    if not all((path / name).is_file() for name in ("config.cfg", "meta.json")):
        raise ValueError(Errors.SD171.format(model=model))
    return str(path)


def check_code(path: Path) -> Path:
    """Return the absolute path of a file of Python, or raise SD189."""
    if not path.is_file():
        raise ValueError(Errors.SD189.format(path=path))
    return path.absolute()


def check_output(output: Any) -> None:
    """Raise SD173 unless there is such an output."""
    if output not in OUTPUTS and not callable(output):
        raise ValueError(Errors.SD173.format(value=output))


def check_on_error(on_error: Any) -> None:
    """Raise SD174 unless it is known what to do with texts that fail."""
    if on_error not in ON_ERROR:
        raise ValueError(Errors.SD174.format(value=on_error))


def check_count(setting: str, value: Any) -> None:
    """Raise SD175 unless a setting is a whole number of at least 1."""
    if not is_whole(value, least=1):
        wanted = "a whole number of at least 1"
        raise ValueError(Errors.SD175.format(setting=setting, wanted=wanted, value=value))


def check_concurrency(value: Any) -> tuple[int, int]:
    """Return the least and the most workers.

    value (Any): A number of workers, or the least and the most.
    RETURNS (Tuple[int, int]): The two.
    RAISES (ValueError): SD175 for anything else.
    """
    least, most = value if isinstance(value, (tuple, list)) and len(value) == 2 else (value, value)
    if not (is_whole(least, least=1) and is_whole(most, least=int(least))):
        wanted = "a number of workers of at least 1, or the least and the most of them"
        raise ValueError(Errors.SD175.format(setting="concurrency", wanted=wanted, value=value))
    return int(least), int(most)
