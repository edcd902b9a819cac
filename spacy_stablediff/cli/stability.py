"""The command `python -m spacy stablediff stability`."""

import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Optional

from spacy.cli._util import Arg, Opt, import_code
from spacy.util import load_config, load_model, registry
from thinc.api import ConfigValidationError
from wasabi import Printer, msg

from ..errors import Errors
from ..measure.data import check_data
from ..measure.defaults import default_curves, default_edits
from ..types import Augmenter
from ..view.figures import MEASURES, SCORES, name_pipelines, read_figures
from ..view.stability import StabilityReport, measure_stability
from ._util import CODE, GPU, check_directory, set_up_gpu, show_errors, stablediff_cli

# How many documents --quick looks at.
QUICK_LIMIT = 200

# What --fail-above can limit.
LIMITS = ("displacement", "p95", "cats_flips", "ents_disagreement")


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
        "By default typos, swapped words and dropped words, with curves",
    ),
    component: Optional[str] = Opt(
        None,
        "--component",
        "-co",
        help="Component whose vectors to look at. By default doc.tensor, or a component that embeds and diffuses for itself",
    ),
    limit: Optional[int] = Opt(
        None,
        "--limit",
        "-l",
        help="Number of documents to stop after, 0 for all. By default all, or 200 with --quick",
    ),
    seed: int = Opt(
        0, "--seed", "-s", help="Seed of all random choices; edits of --edits have their own"
    ),
    output: Optional[Path] = Opt(
        None,
        "--output",
        "-o",
        metavar="DIR",
        help="Directory to write stability.json and stability.html to",
    ),
    misspellings: Optional[Path] = Opt(
        None,
        "--misspellings",
        "-m",
        metavar="TABLE",
        help="Table of real misspellings for a curve, a line 'wrong->right' each. By default "
        "codespell's, if that is installed",
    ),
    quick: bool = Opt(
        False,
        "--quick",
        "-q",
        help=f"A first look: typos, swapped and dropped words in {QUICK_LIMIT} documents, without "
        "curves",
    ),
    fail_above: list[str] = Opt(
        [],
        "--fail-above",
        metavar="NAME=LIMIT",
        help="Exit with an error if a figure exceeds a limit under some edit, such as "
        f"displacement=0.2; can be given several times. Figures: {', '.join(LIMITS)}",
    ),
    code_path: Optional[Path] = CODE,
    use_gpu: int = GPU,
    workers: Optional[int] = Opt(
        None, "--workers", "-w", help="Number of workers, which takes Ray. By default no others"
    ),
    address: Optional[str] = Opt(
        None,
        "--address",
        "-a",
        help="Address of a Ray cluster to measure on, or 'auto' for the one that this machine "
        "belongs to",
    ),
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
        _check_gpu(use_gpu, {"--workers": workers, "--address": address})
        set_up_gpu(use_gpu)
        stability(
            model,
            data_path,
            baseline=baseline,
            edits_path=edits_path,
            component=component,
            limit=limit,
            seed=seed,
            output=output,
            misspellings=misspellings,
            quick=quick,
            fail_above=fail_above,
            silent=False,
            workers=workers,
            address=address,
            code=code_path,
        )


def stability(
    model: str,
    data_path: Path,
    *,
    baseline: str | None = None,
    edits_path: Path | None = None,
    component: str | None = None,
    limit: int | None = None,
    seed: int = 0,
    output: Path | None = None,
    misspellings: Path | None = None,
    quick: bool = False,
    fail_above: Iterable[str] = (),
    silent: bool = True,
    workers: int | None = None,
    address: str | None = None,
    code: Path | None = None,
) -> StabilityReport:
    """Measure the stability of a pipeline, and of a baseline to compare it with.

    model (str): The name of the pipeline's package, or its path.
    data_path (Path): A .spacy file or a directory of such, or a .txt file with a text
        a line, of which there is no gold annotation to score against.
    baseline (Optional[str]): The name or path of a second pipeline.
    edits_path (Optional[Path]): A config file with a section [edits].
    component (Optional[str]): The component whose vectors to look at, in both.
    limit (Optional[int]): Number of documents to stop after; 0 for all. By default all, or
        `QUICK_LIMIT` where that is quick.
    seed (int): The seed >= 0 of all random choices but those of `edits_path`, which have their own.
    output (Optional[Path]): The directory to write stability.json and stability.html to.
    misspellings (Optional[Path]): A table of misspellings, for a curve.
    quick (bool): Whether to measure typos, swapped and dropped words alone.
    fail_above (Iterable[str]): Limits of figures, such as "displacement=0.2"; of two of a figure
        the lower one counts.
    silent (bool): Whether to print nothing.
    workers (Optional[int]): Number of workers, which takes Ray; without it, and without an
        address, this process does all.
    address (Optional[str]): The address of a Ray cluster.
    code (Optional[Path]): A file of Python that workers import.
    RETURNS (StabilityReport): The figures of the two.
    RAISES (ValueError): SD111 or SD112 if the edits can't be read, SD113 to SD115 if
        the data can't, SD116 if the directory of the output can't be made, SD118 for a limit that can't be
        read, SD119 where one is exceeded, SD127 where there is nothing to compare with it, SD128 for
        a table of misspellings where no curve is measured; and what `measure_stability` raises.
    RAISES (OSError): spaCy's E050 or E053 if there is no such pipeline or config.
    """
    check_data(data_path)
    limits = _read_limits(fail_above)
    if output is not None:
        check_directory(output, Errors.SD116)
    if misspellings is not None and (quick or edits_path):
        raise ValueError(Errors.SD128.format(option="--quick" if quick else "--edits"))
    limit = (QUICK_LIMIT if quick else 0) if limit is None else limit
    edits = read_edits(edits_path) if edits_path else default_edits(seed)
    options: dict[str, Any] = {"component": component, "limit": limit, "seed": seed}
    options["curves"] = {} if quick or edits_path else default_curves(seed, misspellings)
    if workers is not None or address is not None:
        from ..distributed.cluster import connect
        from ..distributed.measure import measure

        with connect(address, workers):
            options |= {"concurrency": workers, "code": code}
            result = measure(data_path, model, edits, baseline=baseline, **options)
    else:
        result = measure_stability(
            load_model(model),
            data_path,
            edits,
            baseline=None if baseline is None else load_model(baseline),
            progress=not silent and sys.stderr.isatty(),
            **options,
        )
    result.model = model
    if result.baseline is not None and baseline is not None:
        result.baseline.model = baseline
    if not silent:
        _print_result(result)
    if output is not None:
        result.to_disk(output)
        msg.good(f"Saved stability.json and stability.html to {output}", show=not silent)
    _check_limits(result, limits)
    return result


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
    except (ConfigValidationError, UnicodeDecodeError) as error:
        problem = " ".join(str(error).split())
        raise ValueError(Errors.SD112.format(path=path, problem=problem)) from None
    if not edits or not all(callable(edit) for edit in edits.values()):
        raise ValueError(Errors.SD111.format(path=path))
    return edits


def _check_gpu(use_gpu: int, distributing: dict[str, Any]) -> None:
    """Raise SD130 if a GPU is asked for and an option lets others measure."""
    given = [option for option, value in distributing.items() if value is not None]
    if use_gpu >= 0 and given:
        raise ValueError(Errors.SD130.format(option=given[0]))


def _read_limits(texts: Iterable[str]) -> dict[str, float]:
    """Read limits, of which the lowest of each figure counts."""
    limits: dict[str, float] = {}
    for name, value in map(_read_limit, texts):
        limits[name] = min(value, limits.get(name, value))
    return limits


def _read_limit(text: str) -> tuple[str, float]:
    """Read a limit such as "displacement=0.2", or raise SD118."""
    name, _, value = text.partition("=")
    known = name.strip() in LIMITS and re.fullmatch(
        r"\s*(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*", value, re.I
    )
    if not known:
        raise ValueError(Errors.SD118.format(value=text, opts=", ".join(LIMITS)))
    return name.strip(), float(value)


def _check_limits(result: StabilityReport, limits: dict[str, float]) -> None:
    """Raise SD119 if a figure of some edit exceeds its limit, SD127 if none has the figure."""
    figures = read_figures(result, result.model)
    for name in limits:
        if all(_get_figure(values, name) is None for values in figures.edits.values()):
            raise ValueError(Errors.SD127.format(model=result.model, name=name))
    exceeded = [
        f"{name} {value:.3f} under '{edit}' (limit {limit:g})"
        for name, limit in limits.items()
        for edit, values in figures.edits.items()
        if (value := _get_figure(values, name)) is not None and value > limit
    ]
    if exceeded:
        raise ValueError(Errors.SD119.format(model=result.model, figures="; ".join(exceeded)))


def _get_figure(values: dict[str, float | None], name: str) -> float | None:
    """Return a figure by its name in `LIMITS`."""
    if name != "ents_disagreement":
        return values["mean" if name == "displacement" else name]
    agreement = values["ents_agreement"]
    return None if agreement is None else 1 - agreement


def _print_result(result: StabilityReport) -> None:
    """Print a table of figures: by edit, or for each edit beside those of a baseline."""
    msg.divider(f"Stability, {result.documents} documents, {result.tokens} tokens")
    if result.baseline is None:
        figures = read_figures(result, result.model)
        clean = {"clean": figures.clean} if result.scores else {}
        columns = clean | figures.edits
        _print_table(["", *columns], list(columns.values()))
    else:
        names = name_pipelines(result.model, result.baseline.model)
        pair = read_figures(result, names[0]), read_figures(result.baseline, names[1])
        for title in ["clean", *result.edits]:
            values = [figures.edits.get(title, figures.clean) for figures in pair]
            _print_table([title, *names, "ratio"], values, ratio=True)
    for table in result.robustness:
        names = [table.gauge.label, *table.columns]
        header, *rows = zip(names, *table.format_rows(), strict=True)
        Printer().table(rows, header=header, divider=True, aligns=["l", *"r" * len(table.rows)])
        msg.text(table.caption)
    # One place for each, or one for both.
    places = dict.fromkeys(each.place for each in result.measured)
    msg.text(f"Vectors read at: {', '.join(places)}.")
    msg.text(result.verdict)


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
