"""The command `python -m spacy stablediff tune`."""

import sys
from pathlib import Path
from typing import Any, Optional

import srsly
from spacy.cli._util import Arg, Opt, import_code, string_to_list
from spacy.util import load_model
from wasabi import Printer, msg

from ..errors import Errors
from ..tuning.tune import Tuning, tune
from ._util import CODE, GPU, check_directory, set_up_gpu, show_errors, stablediff_cli


@stablediff_cli.command("tune")
def tune_cli(
    pipeline: str = Arg(..., help="Pipeline name or path"),
    texts: Path = Arg(
        ...,
        help='Texts: a .txt file with a text a line, a .jsonl file with a "text" in each line, or, '
        "with gold annotation, a .spacy file or a directory of them",
    ),
    output: Path = Arg(..., help="Directory for the tuned pipeline and its stability report"),
    pipes: str = Opt(
        "",
        "--pipes",
        "-p",
        help="Comma-separated names of the components to tune. By default each ner, textcat, "
        "textcat_multilabel and spancat that has an embedding",
    ),
    epochs: int = Opt(4, "--epochs", "-e", help="Passes through the texts"),
    learn_rate: Optional[float] = Opt(
        None,
        "--learn-rate",
        "-lr",
        help="Learning rate. By default 0.0005, or 0.00005 with a transformer",
    ),
    keep: float = Opt(
        0.97,
        "--keep",
        "-k",
        help="Share, from 0 to 1, of the agreement on clean texts that must be kept",
    ),
    seed: int = Opt(0, "--seed", "-s", help="Seed of all random choices"),
    code_path: Optional[Path] = CODE,
    use_gpu: int = GPU,
) -> None:
    """
    Make a trained pipeline steady under typing errors and in texts of another case.

    Its components learn to say of an edited text what it says of the text itself,
    or what the text is annotated with. Only their embeddings learn, and every other
    component says what it said before. One text in ten is held out, to keep the best
    and to measure the stability before and after.
    """
    with show_errors():
        import_code(code_path)
        set_up_gpu(use_gpu)
        tune_pipeline(
            pipeline,
            texts,
            output,
            components=string_to_list(pipes) or None,
            epochs=epochs,
            learn_rate=learn_rate,
            keep=keep,
            seed=seed,
            silent=False,
        )


def tune_pipeline(
    pipeline: str, texts: Path, output: Path, *, silent: bool = True, **settings: Any
) -> Tuning:
    """Tune a pipeline, save it, and write what came of it.

    pipeline (str): The name of the pipeline's package, or its path.
    texts (Path): The texts, as `tune` takes them.
    output (Path): The directory for the pipeline, with stability.json, stability.html and
        tuning.json in its folder `stability`.
    silent (bool): Whether to print nothing.
    **settings (Any): What `tune` takes: components, epochs, learn_rate, keep, seed.
    RETURNS (Tuning): What came of it.
    RAISES (ValueError): SD196 if the directory of the output can't be made, and what `tune` raises.
    RAISES (OSError): spaCy's E050 if there is no such pipeline.
    """
    check_directory(output, Errors.SD196)
    nlp = load_model(pipeline)
    result = tune(nlp, texts, progress=not silent and sys.stderr.isatty(), **settings)
    result.report.model = str(output)
    if result.report.baseline is not None:
        result.report.baseline.model = pipeline
    nlp.to_disk(output)
    result.report.to_disk(output / "stability")
    srsly.write_json(output / "stability" / "tuning.json", result.to_dict())
    if not silent:
        _print(result)
        msg.good(
            f"Saved the tuned pipeline to {output}, and its stability report to {output / 'stability'}"
        )
    return result


def _print(result: Tuning) -> None:
    """Print how often components say what they were to say, before and after."""
    listed = ", ".join(result.components)
    msg.divider(f"Tuned {listed} on {result.texts} texts")
    rows = [("clean", "", f"{result.clean:.1%}", "")]
    for name, before in result.before.items():
        after = result.after[name]
        ratio = f"{(1 - after) / (1 - before):.2f}" if before < 1 else ""
        rows.append((name, f"{before:.1%}", f"{after:.1%}", ratio))
    header = ["agreement, held-out texts", "before", "after", "disagreement, ratio"]
    Printer().table(rows, header=header, divider=True, aligns=["l", "r", "r", "r"])
    msg.text(result.report.verdict)
