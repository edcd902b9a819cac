"""The file of results, which has a line for each run."""

import fcntl
from pathlib import Path
from typing import Any

import srsly

Line = dict[str, Any]


def read_lines(path: Path) -> list[Line]:
    """Read the lines that there are so far."""
    return list(srsly.read_jsonl(path)) if path.exists() else []


def append_line(path: Path, line: Line) -> None:
    """Append a line, while no other process does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(srsly.json_dumps(line) + "\n")
