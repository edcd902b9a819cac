"""The command `python -m spacy stablediff stability`."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Optional

import srsly
from spacy.cli._util import Arg, Opt, import_code, setup_gpu
from spacy.language import Language
from spacy.training import Corpus, Example, PlainTextCorpus
from spacy.util import load_config, load_model, registry
from thinc.api import ConfigValidationError
from wasabi import Printer, msg

from ..errors import Errors
from ..measure.measure import default_edits, measure_stability
from ..measure.result import Stability
from ..types import Augmenter
from ..view.figures import MEASURES, SCORES, judge, name_pipelines, read_figures
from ..view.report import write_report
from ._util import show_errors, stablediff_cli


@stablediff_cli.command("stability")
def stability_cli(
    model: str = Arg(..., help="Model name or path"),
    data_path: Path = Arg(
        ...,
        metavar="DATA",
        help="Evaluation data: a .spacy file, a directory of them, or a .txt file with a text a line",
    ),
    baseline: Optional[str] = Opt(
        None, "--baseline", "-b", help="Name or path of a second model to compare with"
    ),
    edits_path: Optional[Path] = Opt(
        None,
        "--edits",
        "-e",
        metavar="CONFIG",
        help="Config file with an augmenter for each edit, in sections such as [edits.typo]. "
        "By default typos, swapped words and dropped words",
    ),
    component: Optional[str] = Opt(
        None,
        "--component",
        "-co",
        help="Component whose vectors to look at. By default doc.tensor behind the pipeline",
    ),
    limit: int = Opt(0, "--limit", "-l", help="Number of documents to stop after, 0 for all"),
    seed: int = Opt(0, "--seed", "-s", help="Seed of all random choices"),
    output: Optional[Path] = Opt(
        None,
        "--output",
        "-o",
        metavar="DIR",
        help="Directory to write stability.json and stability.html to",
    ),
    code_path: Optional[Path] = Opt(
        None,
        "--code",
        "-c",
        help="Path to Python file with additional code (registered functions) to be imported",
    ),
    use_gpu: int = Opt(-1, "--gpu-id", "-g", help="GPU ID or -1 for CPU"),
) -> None:
    """
    Measure how far small edits of a text move a pipeline's vectors and predictions.

    Every document is edited, run through the pipeline, and compared with the clean
    one, token by token. Displacements are relative to the mean distance between
    random tokens. Read them beside the identity: it falls when vectors are merely
    blurred into one another.
    """
    with show_errors():
        import_code(code_path)
        setup_gpu(use_gpu, silent=True)
        stability(
            model,
            data_path,
            baseline=baseline,
            edits_path=edits_path,
            component=component,
            limit=limit,
            seed=seed,
            output=output,
            silent=False,
        )


def stability(
    model: str,
    data_path: Path,
    *,
    baseline: str | None = None,
    edits_path: Path | None = None,
    component: str | None = None,
    limit: int = 0,
    seed: int = 0,
    output: Path | None = None,
    silent: bool = True,
) -> tuple[Stability, Stability | None]:
    """Measure the stability of a pipeline, and of a baseline to compare it with.

    model (str): The name of the pipeline's package, or its path.
    data_path (Path): A .spacy file or a directory of such, or a .txt file with a text
        a line, of which there is no gold annotation to score against.
    baseline (Optional[str]): The name or path of a second pipeline.
    edits_path (Optional[Path]): A config file with a section [edits].
    component (Optional[str]): The component whose vectors to look at, in both.
    limit (int): Number of documents to stop after; 0 for all.
    seed (int): The seed >= 0 of all random choices.
    output (Optional[Path]): The directory to write stability.json and stability.html to.
    silent (bool): Whether to print nothing.
    RETURNS (Tuple[Stability, Optional[Stability]]): The figures of the two.
    RAISES (ValueError): SD111 or SD112 if the edits can't be read, SD113 to SD115 if
        the data can't, SD116 if the output is no directory; and what
        `measure_stability` raises.
    RAISES (OSError): spaCy's E050 or E053 if there is no such pipeline or config.
    """
    _check_data(data_path)
    if output is not None:
        if output.exists() and not output.is_dir():
            raise ValueError(Errors.SD116.format(path=output))
        output.mkdir(parents=True, exist_ok=True)
    pipelines = {name: load_model(name) for name in (model, baseline) if name is not None}

    def measure(name: str) -> Stability:
        return measure_stability(
            pipelines[name],
            _read_examples(pipelines[name], data_path),
            read_edits(edits_path) if edits_path else default_edits(seed),
            component=component,
            name=name,
            limit=limit,
            seed=seed,
            scores=data_path.suffix != ".txt",
            progress=not silent and sys.stderr.isatty(),
        )

    result = measure(model)
    other = None if baseline is None else measure(baseline)
    if not silent:
        _print_result(result, other)
    if output is not None:
        _write_output(output, result, other)
        msg.good(f"Saved stability.json and stability.html to {output}", show=not silent)
    return result, other


def read_edits(path: Path) -> dict[str, Augmenter]:
    """Read augmenters from a config file.

    path (Path): A config file with a section for each edit, such as [edits.typo],
        that has an augmenter: a line `@augmenters = "..."` and its settings.
    RETURNS (Dict[str, Callable[[Language, Example], Iterator[Example]]]): Augmenters
        by the name of the edit.
    RAISES (ValueError): SD111 if there is no such section, SD112 if one is invalid.
    """
    try:
        section = load_config(path, interpolate=True).get("edits", {})
        edits = registry.resolve({"edits": section})["edits"]
    except ConfigValidationError as error:
        problem = " ".join(str(error).split())
        raise ValueError(Errors.SD112.format(path=path, problem=problem)) from None
    if not edits or not all(callable(edit) for edit in edits.values()):
        raise ValueError(Errors.SD111.format(path=path))
    return edits


def _check_data(path: Path) -> None:
    """Raise SD113 or SD114 if there is no data of a known kind."""
    if not path.exists():
        raise ValueError(Errors.SD113.format(path=path))
    files = path.rglob("*.spacy") if path.is_dir() else [path]
    if not any(file.suffix in (".spacy", ".txt") for file in files):
        raise ValueError(Errors.SD114.format(path=path))


def _read_examples(nlp: Language, path: Path) -> Iterator[Example]:
    """Read a corpus, or raise SD115."""
    corpus = PlainTextCorpus(path) if path.suffix == ".txt" else Corpus(path)
    try:
        yield from corpus(nlp)
    except UnicodeDecodeError as error:
        raise ValueError(Errors.SD115.format(path=path, problem=error)) from None


def _write_output(output: Path, result: Stability, baseline: Stability | None) -> None:
    figures = result.to_dict()
    if baseline is not None:
        figures["baseline"] = baseline.to_dict()
        figures["ratio"] = result.ratio_to(baseline)
    srsly.write_json(output / "stability.json", figures)
    write_report(output / "stability.html", result, baseline)


def _print_result(result: Stability, baseline: Stability | None) -> None:
    """Print a table of figures: by edit, or for each edit beside those of a baseline."""
    msg.divider(f"Stability, {result.documents} documents, {result.tokens} tokens")
    if baseline is None:
        figures = read_figures(result, result.model)
        clean = {"clean": figures.clean} if result.scores else {}
        columns = clean | figures.edits
        _print_table(["", *columns], list(columns.values()))
        verdict = judge(figures)
    else:
        names = name_pipelines(result.model, baseline.model)
        pair = read_figures(result, names[0]), read_figures(baseline, names[1])
        for title in ["clean", *result.edits]:
            values = [figures.edits.get(title, figures.clean) for figures in pair]
            _print_table([title, *names, "ratio"], values, ratio=True)
        verdict = judge(*pair)
    msg.text(verdict)


def _print_table(
    header: list[str], columns: list[dict[str, float | None]], *, ratio: bool = False
) -> None:
    """Print the figures that some column has, a measure a line."""
    rows = []
    for measure in [*MEASURES, *SCORES]:
        values = [column.get(measure.key) for column in columns]
        if any(value is not None for value in values):
            cells = ["" if v is None else measure.format(v) for v in values]
            rows.append([measure.label, *cells, *([_format_ratio(*values)] if ratio else [])])
    if rows:
        Printer().table(rows, header=header, divider=True, aligns=["l", *"r" * (len(header) - 1)])


def _format_ratio(value: float | None, other: float | None) -> str:
    return f"{value / other:.2f}" if value is not None and other else ""
