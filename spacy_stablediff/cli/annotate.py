"""The command `python -m spacy stablediff annotate`."""

from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Optional

from spacy.cli._util import Arg, Opt
from wasabi import msg

from ..errors import Errors
from ._util import show_errors, stablediff_cli

if TYPE_CHECKING:
    from ..distributed.files import Report


class Kept(str, Enum):
    """What is kept of each document."""

    entities = "entities"
    cats = "cats"
    docbin = "docbin"


class OnError(str, Enum):
    """What is done with texts that fail."""

    column = "column"
    raise_ = "raise"


@stablediff_cli.command("annotate")
def annotate_cli(
    model: str = Arg(..., help="Model name or path"),
    input_path: Path = Arg(
        ...,
        metavar="INPUT",
        help="A file of Parquet, JSON lines (.jsonl) or texts (.txt, a text a line), or a folder "
        "of them",
    ),
    output_path: Path = Arg(..., metavar="OUTPUT", help="Folder to write files of Parquet to"),
    workers: Optional[int] = Opt(
        None, "--workers", "-w", help="Number of workers. By default one for each CPU"
    ),
    address: Optional[str] = Opt(
        None,
        "--address",
        "-a",
        help="Address of a Ray cluster, or 'auto' for the one that this machine belongs to. By "
        "default RAY_ADDRESS, or else this machine alone",
    ),
    text: str = Opt("text", "--text", "-t", help="Column of the texts"),
    keep: Kept = Opt(Kept.entities, "--keep", "-k", help="What to keep of each document"),
    batch_size: int = Opt(
        256, "--batch-size", "-b", help="Number of documents that the pipeline works on at once"
    ),
    on_error: OnError = Opt(
        OnError.column,
        "--on-error",
        help="'column' keeps texts that fail, with the message in the column 'error'; 'raise' "
        "stops at the first",
    ),
    code_path: Optional[Path] = Opt(
        None,
        "--code",
        "-c",
        help="Path to Python file with additional code (registered functions) that workers import",
    ),
) -> None:
    """
    Run a pipeline over a large corpus, on all CPUs or on a Ray cluster. Needs Ray.

    A run that was stopped goes on when the same command is given again. It ends with exit
    code 1 if texts failed.
    """
    with show_errors():
        from ..distributed.files import annotate_files

        report = annotate_files(
            input_path,
            output_path,
            model,
            workers=workers,
            address=address,
            text=text,
            output=keep.value,
            batch_size=batch_size,
            on_error=on_error.value,  # type: ignore[arg-type]
            code=code_path,
        )
        _print(report, output_path)
        total = report.total
        if total.errors:
            details = {"failed": total.errors, "documents": total.documents}
            raise ValueError(Errors.SD186.format(**details))


def _print(report: "Report", folder: Path) -> None:
    """Print what was done, in a table."""
    total = report.total
    rows = [
        ("Documents", f"{total.documents:,}"),
        ("Words", f"{total.words:,}"),
        ("Errors", f"{total.errors:,}"),
        ("Workers", f"{report.workers or 0:,}"),
        ("Words per second and worker", f"{total.words / (total.seconds or 1):,.0f}"),
        ("Seconds, start-up included", f"{report.elapsed:,.1f}"),
    ]
    if report.done:
        rows.append(("Chunks done before", f"{report.done:,} of {report.chunks:,}"))
    msg.table(rows, aligns=("l", "r"), divider=True, header=("", ""))
    msg.good(f"Saved files of Parquet to {folder}")
