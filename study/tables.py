"""The tables of the page."""

from collections import Counter
from collections.abc import Iterable

from reporting.tables import to_table

from .figures import (
    AGREEMENT,
    CLEAN,
    DISPLACEMENT,
    EDITED,
    FLIPS,
    IDENTITY,
    PARTS,
    SPEED,
    SPEED_AGAIN,
    TAIL,
    TRAINING,
)
from .plan import Plan
from .summary import Study
from .targets import Verdict
from .wording import (
    show_bound,
    show_difference,
    show_function,
    show_gain,
    show_limit,
    show_moved,
    show_pair,
    show_score,
    show_seeds,
    show_settings,
    show_stat,
    show_timing,
    show_verdict,
)

SCORES = {"cats_macro_f": "macro F of the categories", "ents_f": "F of the entities"}
TEXTS = {"clean": CLEAN, "edited": EDITED}
STABILITY = {
    DISPLACEMENT: "displacement",
    TAIL: "95th percentile",
    IDENTITY: "identity",
    FLIPS: "flips",
    AGREEMENT: "agreement",
}
TIMINGS = {
    TRAINING: "training time",
    SPEED: "words per second",
    SPEED_AGAIN: "words met before",
}


def tabulate_targets(study: Study, verdicts: Iterable[Verdict]) -> str:
    """Write a row for each target: all embeddings together, then each.

    Where the targets have bounds, a column has that of all embeddings together.
    """
    rows: dict[str, list[str]] = {}
    bounds: dict[str, str] = {}
    for each in verdicts:
        title = each.target.title
        rows.setdefault(title, [title, show_limit(each.target)]).append(show_verdict(each))
        bounds.setdefault(title, show_bound(each))
    header = ["target", "limit", "all", *study.plan["embeddings"]]
    if any(bounds.values()):
        header.insert(2, "at most")
        for title, row in rows.items():
            row.insert(2, bounds[title])
    return to_table(header, rows.values())


def tabulate_main(study: Study, embedding: str) -> str:
    """Write the scores of the main variants, a row for each data set."""
    names = study.plan["main"]
    rows = []
    for data in study.plan["data"]:
        row = [data]
        for key in TEXTS.values():
            stats = [study.get_stat(key, data, embedding, name) for name in names]
            row += [*map(show_stat, stats), show_gain(study.get_gain(key, data, embedding))]
        rows.append([*row, show_seeds(stats)])
    average = ["average"]
    for key in TEXTS.values():
        average += [show_score(study.get_average(key, embedding, name), "") for name in names]
        average.append(show_difference(study.get_average_gain(key, embedding)))
    header = [f"{text}: {name}" for text in TEXTS for name in [*names, "gain"]]
    return to_table(["data", *header, "seeds"], [*rows, [*average, ""]])


def tabulate_stability(study: Study, embedding: str) -> str:
    """Write how far edits move vectors and predictions, a row for each variant."""
    rows = []
    for name in study.list_variants(embedding):
        against = name != study.baseline
        row = [name if against else f"{name} itself"]
        for key in STABILITY:
            stats = study.get_stats(key, embedding, name, against=against)
            row.append(show_moved(key, stats, against))
        rows.append([*row, str(study.count_runs(embedding, name))])
    return to_table(["variant", *STABILITY.values(), "runs"], rows)


def tabulate_by_edit(study: Study, embedding: str) -> str:
    """Write the score under each edit, a row for each data set and main variant."""
    texts = ["clean", *study.plan["test_edits"]]
    rows = []
    for data in study.plan["data"]:
        for name in study.plan["main"]:
            keys = [("test", text, "score") for text in texts]
            stats = [study.get_stat(key, data, embedding, name) for key in keys]
            rows.append([data, name, *(show_score(stat.mean if stat else None) for stat in stats)])
    return to_table(["data", "variant", *texts], rows, texts=2)


def tabulate_variants(study: Study, embedding: str, part: str) -> str:
    """Write clean and edited scores on a part of the data, a row for each variant."""
    keys = [(part, text, "score") for text in TEXTS]
    names = study.list_data(embedding)
    rows = []
    for name in study.list_variants(embedding):
        row = [name]
        for data in names:
            stats = [study.get_stat(key, data, embedding, name) for key in keys]
            row.append(show_pair(stats) if (data, embedding, name) in study.cells else "")
        averages = [study.get_average(key, embedding, name) for key in keys]
        row.append("" if None in averages else " / ".join(map(show_score, averages)))
        rows.append(row)
    return to_table(["variant", *names, "average"], rows)


def tabulate_costs(study: Study) -> str:
    """Write training time and speed against the baseline's, a row for each variant."""
    embeddings = study.list_embeddings()
    measured = [key for key in TIMINGS if any(line.get(key[0]) for line in study.runs.values())]
    columns = [(key, embedding) for key in measured for embedding in embeddings]
    rows = []
    for name in study.list_variants(*embeddings):
        stats = [study.get_stats(*column, name, against=True) for column in columns]
        rows.append([name, *map(show_timing, stats)])
    header = [f"{TIMINGS[key]}, {embedding}" for key, embedding in columns]
    return to_table(["variant", *header], rows)


def tabulate_data(plan: Plan) -> str:
    """Write the data sets, with the sizes of their parts."""
    parts = ["train", *PARTS]
    rows = []
    for data, settings in plan["data"].items():
        score = SCORES.get(settings["score"], settings["score"])
        sizes = [settings["steps"], *(settings["documents"][part] for part in parts)]
        rows.append([data, settings["pipe"], score, *(f"{size:,}" for size in sizes)])
    header = ["data", "pipe", "score", "steps", *(f"{part} documents" for part in parts)]
    return to_table(header, rows, texts=3)


def tabulate_edits(plan: Plan) -> str:
    """Write the edits of the test texts."""
    trained = plan["training_edits"]["@augmenters"]
    rows = [
        [name, show_function(edit), "yes" if edit["@augmenters"] == trained else "no"]
        for name, edit in plan["test_edits"].items()
    ]
    return to_table(["edit", "augmenter", "trained with"], rows, texts=3)


def tabulate_settings(plan: Plan) -> str:
    """Write the settings of each variant."""
    rows = []
    for name, variant in plan["variants"].items():
        settings = {key: each for key, each in variant.items() if key not in ("seeds", "data")}
        rows.append([name, show_settings(settings)])
    return to_table(["variant", "settings"], rows, texts=2)


def tabulate_missing(study: Study) -> str:
    """Write the runs still to do, a row for each variant."""
    counts: dict[str, Counter[str]] = {}
    for run in study.missing:
        counts.setdefault(run.variant, Counter())[f"{run.data}/{run.embedding}"] += 1
    rows = [
        [name, str(each.total()), ", ".join(f"{place} ({n})" for place, n in each.items())]
        for name, each in counts.items()
    ]
    return to_table(["variant", "runs", "of which"], rows)
