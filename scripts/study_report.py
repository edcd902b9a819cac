"""Write the results of the study as numbers, as a page and as a plot."""

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import fmean, median
from typing import Annotated, Any

import srsly
import typer
from corpora import stop
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from spacy.tokens import DocBin
from study_run import BASE
from study_summary import (
    AGREEMENT,
    CLEAN,
    DISPLACEMENT,
    EDITED,
    FLIPS,
    IDENTITY,
    PARTS,
    RATIOS,
    SPEED,
    TAIL,
    TRAINING,
    Gain,
    Key,
    Stat,
    Study,
    Verdict,
    judge,
    read_study,
)
from thinc.api import Config
from wasabi import MarkdownRenderer, msg

NOT_RUN, UNKNOWN = "not run", "n/a"
NOTES, CORPUS = Path("study/notes.md"), Path("corpus")
SCORES = {"cats_macro_f": "macro F of the categories", "ents_f": "F of the entities"}
STABILITY = {
    DISPLACEMENT: "displacement",
    TAIL: "95th percentile",
    IDENTITY: "identity",
    FLIPS: "flips",
    AGREEMENT: "agreement",
}
# How a target's unit is written: the scale, the format of what was measured, and the suffix.
UNITS = {"points": (100, "+.2f", " points"), "ratio": (1, ".3f", ""), "share": (100, ".0f", "%")}

# For the plot: colours that the colour-blind tell apart (Okabe and Ito), each with a marker.
STYLES = (("#0072B2", "o"), ("#E69F00", "s"), ("#D55E00", "D"), ("#009E73", "^"), ("#CC79A7", "v"))
DODGE = 0.16


def main(
    plan_path: Annotated[Path, typer.Argument(help="The plan of the study", exists=True)],
    results: Annotated[Path, typer.Argument(help="The .jsonl file of its runs", exists=True)],
    numbers: Annotated[Path, typer.Argument(help="JSON file to write")],
    page: Annotated[Path, typer.Argument(help="Markdown file to write, with a .png beside it")],
    notes: Annotated[Path, typer.Option(help="Markdown to end the page with, if there")] = NOTES,
    corpus: Annotated[Path, typer.Option(help="Folder with one for each data set")] = CORPUS,
) -> None:
    """Summarise the runs that there are so far."""
    plan = srsly.read_yaml(plan_path)
    check_main(plan)
    study = read_study(plan, srsly.read_jsonl(results))
    documents = count_documents(study, corpus)
    srsly.write_json(numbers, study.to_dict() | {"documents": documents}, indent=0)
    image = page.with_suffix(".png")
    draw(study, image)
    ending = notes.read_text(encoding="utf8").strip() if notes.exists() else ""
    text = render(study, documents, image=image.name, notes=ending)
    page.write_text(text, encoding="utf8")
    msg.good(f"Saved {numbers}, {page} and {image}")
    msg.info(f"{len(study.runs)} runs, {len(study.missing)} missing, {study.unplanned} not planned")


def check_main(plan: dict[str, Any]) -> None:
    """Stop if the plan doesn't say which of its variants to compare."""
    names = plan.get("main", [])
    if len(names) < 2 or not set(names) <= set(plan["variants"]):
        hint = "Name two or more, the baseline first and the best last"
        stop("'main' in the plan isn't a list of variants to compare", hint)


def count_documents(study: Study, corpus: Path) -> dict[str, dict[str, int]]:
    """Return the number of documents in each part of each data set, where it is known.

    study (Study): The study, whose runs may say it.
    corpus (Path): Where the data sets are otherwise, if they are there.
    RETURNS (Dict[str, Dict[str, int]]): The numbers by data set and part.
    """
    known = {run["data"]: run["documents"] for run in study.runs.values() if "documents" in run}
    for data in study.plan["data"].keys() - known.keys():
        paths = (corpus / data).glob("*.spacy")
        known[data] = {path.stem: len(DocBin().from_disk(path)) for path in paths}
    return {data: known[data] for data in study.plan["data"]}


def render(
    study: Study, documents: dict[str, dict[str, int]], *, image: str, notes: str = ""
) -> str:
    """Return the page as Markdown.

    study (Study): The study.
    documents (Dict[str, Dict[str, int]]): The number of documents by data set and part.
    image (str): The plot's file, as seen from the page.
    notes (str): Markdown to end the page with.
    RETURNS (str): Markdown.
    """
    verdicts = judge(study)
    context = {
        "plan": study.plan,
        "study": study,
        "image": image,
        "notes": notes,
        "overall": {each.target: each for each in verdicts if each.embedding is None},
        "batcher": Config().from_disk(BASE)["training"]["batcher"] if BASE.exists() else None,
        "targets": tabulate_targets(study, verdicts),
        "costs": tabulate_costs(study),
        "data": tabulate_data(study.plan, documents),
        "edits": tabulate_edits(study.plan),
        "settings": tabulate_settings(study.plan),
        "missing": tabulate_missing(study),
    }
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    tables = (tabulate_main, tabulate_stability, tabulate_by_edit, tabulate_variants)
    environment.globals |= {function.__name__: function for function in tables}
    environment.filters |= {"names": show_names, "setting": show_setting, "apart": show_apart}
    return environment.get_template("study.md.jinja").render(context).strip() + "\n"


# Tables, as Markdown.


def tabulate_targets(study: Study, verdicts: Iterable[Verdict]) -> str:
    """Return a row for each target: all embeddings together, then each."""
    rows: dict[str, list[str]] = {}
    for each in verdicts:
        scale, _, suffix = UNITS[each.unit]
        limit = f"{each.sign} {scale * each.limit:g}{suffix}"
        rows.setdefault(each.target, [each.target, limit]).append(show_verdict(each))
    return to_table(rows.values(), ["target", "limit", "all", *study.plan["embeddings"]])


def tabulate_main(study: Study, embedding: str) -> str:
    """Return the scores of the main variants, a row for each data set."""
    names, keys = study.plan["main"], {"clean": CLEAN, "edited": EDITED}
    rows = []
    for data in study.plan["data"]:
        stats = [
            [study.get_stat(key, data, embedding, name) for name in names] for key in keys.values()
        ]
        gains = [study.get_gain(key, data, embedding) for key in keys.values()]
        row = [data]
        for each, gain in zip(stats, gains, strict=True):
            row += [*map(show_stat, each), show_gain(gain)]
        rows.append([*row, show_seeds(stats[0])])
    average = ["average"]
    for key in keys.values():
        average += [show_score(study.get_average(key, embedding, name), "") for name in names]
        average.append(show_average_gain(study, key, embedding))
    header = [f"{text}: {name}" for text in keys for name in [*names, "gain"]]
    return to_table([*rows, [*average, ""]], ["data", *header, "seeds"])


def tabulate_stability(study: Study, embedding: str) -> str:
    """Return how far edits move vectors and predictions, a row for each variant."""
    rows = []
    for name in study.plan["variants"]:
        against = name != study.baseline
        row = [name if against else f"{name} itself"]
        for key in STABILITY:
            stats = study.get_stats(key, embedding, name, against=against)
            row.append(show_moved(key, stats, against))
        rows.append([*row, str(study.count_runs(embedding, name))])
    return to_table(rows, ["variant", *STABILITY.values(), "runs"])


def tabulate_by_edit(study: Study, embedding: str) -> str:
    """Return the score under each edit, a row for each data set and main variant."""
    texts = ["clean", *study.plan["test_edits"]]
    rows = []
    for data in study.plan["data"]:
        for name in study.plan["main"]:
            keys = [("test", text, "score") for text in texts]
            stats = [study.get_stat(key, data, embedding, name) for key in keys]
            rows.append([data, name, *(show_score(stat and stat["mean"]) for stat in stats)])
    return to_table(rows, ["data", "variant", *texts], texts=2)


def tabulate_variants(study: Study, embedding: str, part: str) -> str:
    """Return clean and edited scores on a part, a row for each variant."""
    keys = [(part, text, "score") for text in ("clean", "edited")]
    rows = []
    for name in study.plan["variants"]:
        row = [name]
        for data in study.plan["data"]:
            stats = [study.get_stat(key, data, embedding, name) for key in keys]
            row.append(show_pair(stats) if (data, embedding, name) in study.cells else "")
        averages = [study.get_average(key, embedding, name) for key in keys]
        row.append("" if None in averages else " / ".join(map(show_score, averages)))
        rows.append(row)
    return to_table(rows, ["variant", *study.plan["data"], "average"])


def tabulate_costs(study: Study) -> str:
    """Return training time and speed against the baseline's, a row for each variant."""
    titles = {TRAINING: "training time", SPEED: "words per second"}
    columns = [(key, embedding) for key in titles for embedding in study.plan["embeddings"]]
    rows = []
    for name in study.plan["variants"]:
        stats = [study.get_stats(*column, name, against=True) for column in columns]
        rows.append([name, *map(show_timing, stats)])
    header = [f"{titles[key]}, {embedding}" for key, embedding in columns]
    return to_table(rows, ["variant", *header])


def tabulate_data(plan: dict[str, Any], documents: dict[str, dict[str, int]]) -> str:
    """Return the data sets, with the sizes of their parts where these are known."""
    parts = [part for part in ("train", *PARTS) if any(part in each for each in documents.values())]
    rows = []
    for data, settings in plan["data"].items():
        score = SCORES.get(settings["score"], settings["score"])
        sizes = [documents[data].get(part) for part in parts]
        shown = [UNKNOWN if size is None else f"{size:,}" for size in sizes]
        rows.append([data, settings["pipe"], score, f"{settings['steps']:,}", *shown])
    header = ["data", "pipe", "score", "steps", *(f"{part} documents" for part in parts)]
    return to_table(rows, header, texts=3)


def tabulate_edits(plan: dict[str, Any]) -> str:
    """Return the edits of the test texts."""
    trained = plan["training_edits"]["@augmenters"]
    rows = [
        [name, show_setting(edit), "yes" if edit["@augmenters"] == trained else "no"]
        for name, edit in plan["test_edits"].items()
    ]
    return to_table(rows, ["edit", "augmenter", "trained with"], texts=3)


def tabulate_settings(plan: dict[str, Any]) -> str:
    """Return the settings of each variant."""
    rows = []
    for name, variant in plan["variants"].items():
        settings = {key: each for key, each in variant.items() if key not in ("seeds", "data")}
        rows.append([name, show_setting(settings)])
    return to_table(rows, ["variant", "settings"], texts=2)


def tabulate_missing(study: Study) -> str:
    """Return the runs still to do, a row for each variant."""
    counts: dict[str, Counter[str]] = {}
    for key in study.missing:
        data, embedding, variant, _ = key.split("/")
        counts.setdefault(variant, Counter())[f"{data}/{embedding}"] += 1
    rows = [
        [name, str(each.total()), ", ".join(f"{place} ({n})" for place, n in each.items())]
        for name, each in counts.items()
    ]
    return to_table(rows, ["variant", "runs", "of which"], texts=1)


def to_table(rows: Iterable[Sequence[str]], header: Sequence[str], *, texts: int = 1) -> str:
    """Return a table as Markdown whose first columns are texts and the others numbers."""
    aligns = ["l"] * texts + ["r"] * (len(header) - texts)
    return MarkdownRenderer().table(rows, header, aligns)


# What stands in tables and sentences.


def show_score(value: float | None, missing: str = NOT_RUN) -> str:
    """Write a score in points: "80.5"."""
    return missing if value is None else f"{100 * value:.1f}"


def show_stat(stat: Stat | None) -> str:
    """Write a score over seeds: "80.5 ± 0.4", without ± if there is but one."""
    if stat is None:
        return NOT_RUN
    deviation = "" if stat["std"] is None else f" ± {show_score(stat['std'])}"
    return show_score(stat["mean"]) + deviation


def show_pair(stats: Sequence[Stat | None]) -> str:
    """Write the clean and the edited score, and the number of seeds."""
    if stats[0] is None:
        return NOT_RUN
    return f"{' / '.join(map(show_stat, stats))} ({stats[0]['n']})"


def show_seeds(stats: Iterable[Stat | None]) -> str:
    """Write the numbers of seeds: "3", or "3 / 3 / 2" if they differ."""
    counts = [str(stat["n"] if stat else 0) for stat in stats]
    return counts[0] if len(set(counts)) == 1 else " / ".join(counts)


def show_gain(gain: Gain | None) -> str:
    """Write a gain in points, in bold if it is clear, "" if it isn't known."""
    if gain is None:
        return ""
    points = f"{100 * gain.difference:+.1f}"
    return f"**{points}**" if gain.is_clear else points


def show_average_gain(study: Study, key: Key, embedding: str) -> str:
    """Write the mean of the gains, "" unless every data set has one."""
    gains = [gain.difference for gain in study.get_gains(key, [embedding])]
    return f"{100 * fmean(gains):+.1f}" if len(gains) == len(study.plan["data"]) else ""


def show_moved(key: Key, stats: Sequence[Stat], against: bool) -> str:
    """Write the mean of a stability figure over data sets.

    key (Key): The figure.
    stats (Sequence[Stat]): The figure on the data sets that have it.
    against (bool): Whether it is relative to the baseline's.
    RETURNS (str): A ratio, a difference in points, or the figure itself.
    """
    if not stats:
        return UNKNOWN
    mean = fmean(stat["mean"] for stat in stats)
    if against:
        return f"{mean:.2f}" if key[-1] in RATIOS else f"{100 * mean:+.1f}"
    return f"{mean:.3f}" if key in (DISPLACEMENT, TAIL) else show_score(mean)


def show_timing(stats: Sequence[Stat]) -> str:
    """Write the median of a timing over data sets, so that a disturbed one doesn't count."""
    return f"{median(stat['mean'] for stat in stats):.2f}" if stats else UNKNOWN


def show_verdict(verdict: Verdict) -> str:
    """Write what was measured, on how many pairs if not on all, and whether that is enough."""
    if verdict.value is None:
        return UNKNOWN
    scale, form, suffix = UNITS[verdict.unit]
    value = f"{scale * verdict.value:{form}}{suffix}"
    known = "" if verdict.cells == verdict.planned else f" ({verdict.cells} of {verdict.planned})"
    return f"{value}{known}, {'met' if verdict.met else '**missed**'}"


def show_names(names: Sequence[str]) -> str:
    """Write names as a list in a sentence."""
    *most, last = (f"`{name}`" for name in names)
    return f"{', '.join(most)} and {last}" if most else last


def show_apart(points: float) -> str:
    """Write a difference in words: "1.2 points above"."""
    return f"{abs(100 * points):.1f} points {'below' if points < 0 else 'above'}"


def show_setting(value: Any) -> str:
    """Write a setting of the plan: a registered function with its arguments, or any other."""
    if not isinstance(value, dict):
        return srsly.json_dumps(value)
    names = [f"`{each}`" for key, each in value.items() if key.startswith("@")]
    others = [
        f"{key}: {show_setting(each)}"
        for key, each in value.items()
        if each is not None and not key.startswith("@")
    ]
    if not names:
        return "; ".join(others) or "none"
    return f"{names[0]} ({', '.join(others)})" if others else names[0]


# The plot.


def draw(study: Study, path: Path) -> None:
    """Draw the scores of the main variants: a row for each embedding, a panel for each data set.

    study (Study): The study.
    path (Path): The .png file to write.
    """
    from matplotlib.figure import Figure

    data, embeddings = list(study.plan["data"]), study.plan["embeddings"]
    size = (2.6 * len(data) + 0.6, 2.7 * len(embeddings) + 1)
    figure = Figure(size, dpi=150, layout="constrained", facecolor="white")
    grid = figure.subplots(len(embeddings), len(data), squeeze=False, sharey="col")
    for axes, embedding in zip(grid, embeddings, strict=True):
        for panel, name in zip(axes, data, strict=True):
            draw_panel(panel, study, name, embedding)
        axes[0].set_ylabel(f"{embedding}\nscore (points)")
    handles, labels = grid[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), frameon=False)
    figure.suptitle("Score on the test part, mean ± standard deviation over seeds (axes are cut)")
    figure.savefig(path)


def draw_panel(panel: Any, study: Study, data: str, embedding: str) -> None:
    """Draw the clean and the edited score of each main variant on a data set.

    panel (matplotlib.axes.Axes): Where to draw.
    study (Study): The study.
    data (str): The data set.
    embedding (str): The embedding.
    """
    names = study.plan["main"]
    for i, name in enumerate(names):
        stats = [study.get_stat(key, data, embedding, name) for key in (CLEAN, EDITED)]
        shift = DODGE * (i - (len(names) - 1) / 2)
        points = [(x + shift, stat) for x, stat in enumerate(stats) if stat]
        colour, marker = STYLES[i % len(STYLES)]
        panel.errorbar(
            [x for x, _ in points],
            [100 * stat["mean"] for _, stat in points],
            [100 * (stat["std"] or 0.0) for _, stat in points],
            color=colour,
            fmt=marker,
            capsize=3,
            label=name,
        )
    panel.set_title(f"{data}, {SCORES.get(study.plan['data'][data]['score'], '')}", fontsize=9)
    panel.set_xticks([0, 1], ["clean", "edited"])
    panel.set_xlim(-0.5, 1.5)
    panel.grid(axis="y", alpha=0.3)
    panel.spines[["top", "right"]].set_visible(False)


if __name__ == "__main__":
    typer.run(main)
