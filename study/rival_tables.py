"""The tables of the page about the rivals."""

from collections.abc import Iterable, Mapping
from itertools import product
from statistics import fmean

from reporting.tables import to_table

from .curves import describe_curve
from .figures import EDITED, PARTS, Key
from .pairs import compare, count_pairs, list_differences
from .plan import Plan, Run, list_edits
from .strongest import average_gain, beat_strongest, choose_ours, find_strongest
from .summary import Study
from .tables import SCORES
from .wording import (
    show_beside,
    show_course,
    show_difference,
    show_function,
    show_gain,
    show_margin,
    show_paired,
    show_score,
    show_seeds,
)

# How variants score on the development part, by which they are chosen, and on the test part.
ON_BOTH_PARTS: dict[str, Key] = {
    f"{text}, {part}": (part, text, "score") for text in ("clean", "edited") for part in PARTS
}

NOT_MEASURED = "–"  # noqa: RUF001


def tabulate_gains(study: Study, embedding: str) -> str:
    """Write what our set-up gains over the strongest rival, a row for each data set."""
    texts = list_texts(study.plan)
    rows = []
    for data in study.list_data(embedding):
        gains = [beat_strongest(study, key, data, embedding) for key in texts.values()]
        margin = show_margin(gains[0])
        rows.append([data, choose_ours(study, data, embedding), margin, *map(show_gain, gains)])
    averages = [average_gain(study, key, embedding) for key in texts.values()]
    rows.append(["average", "", "", *map(show_difference, averages)])
    return to_table(["data", "ours", "clean, 95 %", *texts], rows, texts=2)


def tabulate_strongest(study: Study, embedding: str) -> str:
    """Write which rival is the strongest and what it scores, a row for each data set."""
    texts = list_texts(study.plan)
    rows = []
    for data in study.list_data(embedding):
        row = [data]
        for text, key in texts.items():
            rival = find_strongest(study, key, data, embedding)
            measured = text == "clean" or text in list_edits(study.plan, data)
            score = show_score(rival.stat.mean if rival else None)
            row.append(f"{rival.name} {score}" if rival else score if measured else NOT_MEASURED)
        rows.append(row)
    return to_table(["data", *texts], rows, texts=len(texts) + 1)


def tabulate_differences(study: Study, embedding: str) -> str:
    """Write by how much the best variant differs from each other one, as far as they were run."""
    texts = {**list_texts(study.plan), "edited": EDITED}
    rows = []
    for other in study.plan["variants"]:
        if other == study.best:
            continue
        if cells := _compare_best(study, other, embedding, texts.values()):
            rows.append([other, *cells])
    return to_table(["compared with", "data sets", "pairs", *texts], rows) if rows else ""


def tabulate_choices(study: Study, others: Iterable[str]) -> str:
    """Write by how much the best variant differs from others on both parts, as far as they were run."""
    rows = []
    for other in others:
        for embedding in study.list_embeddings():
            if cells := _compare_best(study, other, embedding, ON_BOTH_PARTS.values()):
                rows.append([other, embedding, *cells])
    header = ["compared with", "embedding", "data sets", "pairs", *ON_BOTH_PARTS]
    return to_table(header, rows, texts=2) if rows else ""


def tabulate_trials(study: Study, trials: Mapping[str, str]) -> str:
    """Write by how much variants differ from others on both parts, data set by data set.

    study (Study): The study.
    trials (Dict[str, str]): The variants, each with the one that it is compared with.
    RETURNS (str): The table, as Markdown; nothing where no pair was run.
    """
    rows = []
    for (variant, other), embedding in product(trials.items(), study.list_embeddings()):
        columns = [
            list_differences(study, variant, other, key, embedding)
            for key in ON_BOTH_PARTS.values()
        ]
        for data, pairs in columns[0].items():
            means = [show_difference(fmean(column[data])) for column in columns]
            rows.append([variant, other, data, embedding, str(len(pairs)), *means])
    header = ["variant", "compared with", "data", "embedding", "pairs", *ON_BOTH_PARTS]
    return to_table(header, rows, texts=4) if rows else ""


def _compare_best(study: Study, other: str, embedding: str, keys: Iterable[Key]) -> list[str]:
    """Write on how many data sets and pairs the best variant is compared with another, and what it gains.

    Nothing, where no pair was run.
    """
    counts = count_pairs(study, study.best, other, embedding)
    differences = [compare(study, study.best, other, key, embedding) for key in keys]
    return [*map(str, counts), *map(show_paired, differences)] if any(counts) else []


def tabulate_beside(study: Study, variant: str, other: str, embedding: str) -> str:
    """Write what a variant scores beside another one, a row for each data set, and the difference."""
    texts = list_texts(study.plan)
    rows = []
    for data in study.list_data(embedding):
        stats = [
            [study.get_stat(key, data, embedding, name) for name in (other, variant)]
            for key in texts.values()
        ]
        if all(stats[0]):
            rows.append([data, show_seeds(stats[0]), *map(show_beside, stats)])
    if not rows:
        return ""
    differences = [compare(study, variant, other, key, embedding) for key in texts.values()]
    rows.append(["difference", "", *map(show_paired, differences)])
    return to_table(["data", "seeds", *texts], rows)


def tabulate_curves(study: Study) -> str:
    """Write the best development score and the mean behind it, from scratch, with seed 0."""
    rows = []
    for variant in study.plan["variants"]:
        runs = [Run(data, "scratch", variant, 0) for data in study.plan["data"]]
        courses = [describe_curve(study.runs.get(run, {}).get("curve", [])) for run in runs]
        if any(courses):
            rows.append([variant, *map(show_course, courses)])
    return to_table(["variant", *study.plan["data"]], rows)


def tabulate_rival_data(plan: Plan) -> str:
    """Write the data sets, with the sizes of their parts and the edits that they are without."""
    rows = []
    for data, settings in plan["data"].items():
        score = SCORES.get(settings["score"], settings["score"])
        without = ", ".join(settings.get("without_edits", []))
        sizes = [f"{size:,}" for size in settings["documents"].values()]
        rows.append([data, settings["lang"], settings["pipe"], score, without, *sizes])
    header = ["data", "language", "pipe", "score", "without the edits"]
    return to_table([*header, "train", "dev", "test"], rows, texts=5)


def tabulate_noise(plan: Plan) -> str:
    """Write the edits of the test texts."""
    rows = [[name, show_function(edit)] for name, edit in plan["test_edits"].items()]
    return to_table(["edit", "augmenter"], rows, texts=2)


def list_texts(plan: Plan) -> dict[str, tuple[str, str, str]]:
    """List the clean text and its edits, with the key of the score on each."""
    return {text: ("test", text, "score") for text in ["clean", *plan["test_edits"]]}
