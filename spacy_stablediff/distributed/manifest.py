"""What a run over files is, written beside its output, so that it can go on later."""

import hashlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import srsly
from spacy.util import get_package_path, is_package

from ..errors import Errors
from .chunks import Chunk

# Readers of Parquet pass over what begins so.
NAME = "_manifest.json"
DRAFT = f"{NAME}.draft"

# How many bytes of a pipeline's file are in memory at once.
PIECE = 1 << 20


@dataclass(frozen=True)
class Manifest:
    """What a run is: its settings, and the chunks of its input.

    settings (Dict[str, Any]): The settings that the result depends on.
    files (Dict[str, List[int]]): For each file of the input its size, and when it was changed.
    chunks (List[Chunk]): The chunks, each of which becomes a file.
    """

    settings: dict[str, Any]
    files: dict[str, list[int]]
    chunks: list[Chunk]

    def name_part(self, number: int) -> str:
        """Name the file of a chunk."""
        return f"part-{number:06}.parquet"

    def list_missing(self, folder: Path) -> list[int]:
        """List the chunks that have no file in a folder yet."""
        # Of a chunk without rows the file is hidden.
        names = {path.name.removeprefix(".") for path in folder.glob("*part-*.parquet")}
        return [i for i in range(len(self.chunks)) if self.name_part(i) not in names]


def find_run(
    folder: Path, settings: dict[str, Any], files: dict[str, list[int]]
) -> Manifest | None:
    """Find the run that a folder holds.

    folder (Path): The folder of the output.
    settings (Dict[str, Any]): The settings that the result depends on.
    files (Dict[str, List[int]]): The files of the input, described.
    RETURNS (Optional[Manifest]): The run, None where the folder is new or empty.
    RAISES (ValueError): SD180 or SD181 if the folder can't be used, SD182 or SD188 if it holds
        a run with other settings or files.
    """
    path = folder / NAME
    if folder.exists() and not folder.is_dir():
        raise ValueError(Errors.SD180.format(path=folder))
    if not path.exists():
        if folder.exists() and any(path.name != DRAFT for path in folder.iterdir()):
            raise ValueError(Errors.SD181.format(path=folder))
        return None
    message = srsly.read_json(path)
    run = Manifest(message["settings"], message["files"], [Chunk(*c) for c in message["chunks"]])
    for setting, now in settings.items():
        before = run.settings.get(setting)
        if before != now:
            details = {"setting": setting, "before": before, "now": now}
            raise ValueError(Errors.SD182.format(path=folder, **details))
    for file in {**run.files, **files}:
        if run.files.get(file) != files.get(file):
            raise ValueError(Errors.SD188.format(path=file))
    return run


def write_manifest(folder: Path, run: Manifest) -> None:
    """Begin a run: write down what it is.

    folder (Path): The folder of the output, made if it is missing.
    run (Manifest): The run.
    RAISES (ValueError): SD183 if it can't be written.
    """
    draft = folder / DRAFT
    try:
        folder.mkdir(parents=True, exist_ok=True)
        srsly.write_json(draft, asdict(run))
        draft.replace(folder / NAME)
    except OSError as error:
        problem = error.strerror or str(error)
        raise ValueError(Errors.SD183.format(path=folder, problem=problem)) from None


def describe_files(files: list[Path]) -> dict[str, list[int]]:
    """Describe files so that changes are noticed."""
    return {str(file): [file.stat().st_size, file.stat().st_mtime_ns] for file in files}


def describe_model(model: str) -> dict[str, Any]:
    """Describe a pipeline so that another one of the same name is noticed.

    All of its files count: one that was trained again has the same config.
    """
    folder = get_package_path(model) if is_package(model) else Path(model)
    files = [file for file in sorted(folder.rglob("*")) if file.is_file()]
    kept = [file for file in files if file.parent.name != "__pycache__"]
    return {"name": model, "checksum": _digest(kept)}


def describe_code(code: Path | None) -> dict[str, Any] | None:
    """Describe a file of Python so that changes are noticed."""
    return None if code is None else {"name": str(code), "checksum": _digest([code])}


def _digest(files: Iterable[Path]) -> str:
    """A checksum of the names and contents of files, that are read piece by piece."""
    digest = hashlib.blake2b(digest_size=8)
    for path in files:
        digest.update(path.name.encode())
        with path.open("rb") as file:
            while piece := file.read(PIECE):
                digest.update(piece)
    return digest.hexdigest()
