"""The plan of the study: which pipelines are trained, on what, and how often."""

from pathlib import Path
from typing import Any, NamedTuple

import srsly

Plan = dict[str, Any]

# What a variant may set.
SETTINGS = {
    "seeds",
    "embeddings",
    "data",
    "model",
    "embed",
    "corrector",
    "augmentation",
    "words",
    "diffusion",
    "stabilizer",
    "bag",
    "augmenter",
    "anew",
    "batch_words",
    "averages",
}

# Which of the pipelines of a variant are measured, besides on what data.
CHOICES = ("embeddings", "seeds")


class Run(NamedTuple):
    """One pipeline of the plan.

    data (str): The data set.
    embedding (str): "scratch", "pretrained" to start from the plan's pipeline, "vectors" to
        have the plan's static vectors, or "raw" or "uncounted" to start from weights of
        `spacy pretrain`, with words that were counted or without.
    variant (str): The variant.
    seed (int): The seed.
    """

    data: str
    embedding: str
    variant: str
    seed: int

    @property
    def key(self) -> str:
        """Name the run: data/embedding/variant/seed."""
        return "/".join(map(str, self))

    @classmethod
    def from_key(cls, key: str) -> "Run":
        """Return the run of that name."""
        data, embedding, variant, seed = key.split("/")
        return cls(data, embedding, variant, int(seed))

    @classmethod
    def from_line(cls, line: dict[str, Any]) -> "Run":
        """Return the run that a line of the results is about."""
        return cls(*(line[field] for field in cls._fields))


def read_plan(path: Path) -> Plan:
    """Read a plan, and check that it makes sense.

    path (Path): The .yml file.
    RETURNS (Plan): The plan.
    RAISES (ValueError): If it doesn't say which variants to compare, or if a variant
        has an unknown setting.
    """
    plan = srsly.read_yaml(path)
    check_plan(plan)
    return plan


def read_words_plan(path: Path) -> Plan:
    """Read which pipelines of a comparison are measured, and with what settings.

    path (Path): The .yml file, with the comparison's beside it.
    RETURNS (Plan): The plan of the comparison, with these pipelines alone, and the "settings" of
        the graph of words by name.
    """
    words = srsly.read_yaml(path)
    plan = read_plan(path.parent / words["comparison"])
    choices = {key: words[key] for key in CHOICES}
    variants = {
        name: {**plan["variants"][name], **choices, "data": data}
        for name, data in words["variants"].items()
    }
    return {**plan, "variants": variants, "settings": words["settings"]}


def check_plan(plan: Plan) -> None:
    """Raise a ValueError if a plan can't be run or reported as it is."""
    names = plan.get("main", [])
    if len(names) < 2 or not set(names) <= set(plan["variants"]):
        raise ValueError("'main' must name two or more variants, the baseline first, the best last")
    for name, variant in plan["variants"].items():
        unknown = set(variant) - SETTINGS
        if unknown:
            raise ValueError(f"Variant '{name}' has unknown settings: {', '.join(sorted(unknown))}")


def list_runs(plan: Plan) -> list[Run]:
    """List all runs of a plan, seed by seed: those of the main variants first, and among them
    those with embeddings of few seeds, which take long, last."""
    few = plan.get("most_seeds", {})
    runs = [
        Run(data, embedding, name, seed)
        for name, variant in plan["variants"].items()
        for seed in range(variant.get("seeds", 1))
        for data in variant.get("data", plan["data"])
        for embedding in variant.get("embeddings", plan["embeddings"])
        if data in list_data(plan, embedding) and seed < few.get(embedding, seed + 1)
    ]
    main = plan["main"]
    return sorted(runs, key=lambda run: (run.variant not in main, run.embedding in few, run.seed))


def find_corpus(plan: Plan, data: str) -> str:
    """Return the folder of a data set's parts: that of its name, unless it has that of another."""
    return f"corpus/{plan['data'][data].get('corpus', data)}"


def find_texts(plan: Plan, data: str) -> str:
    """Return whose texts a data set has: its own, unless it has those of another."""
    return plan["data"][data].get("texts", data)


def list_data(plan: Plan, embedding: str) -> list[str]:
    """List the data sets that an embedding is there for: all, unless they say otherwise."""
    embeddings = {name: data.get("embeddings", [embedding]) for name, data in plan["data"].items()}
    return [name for name, each in embeddings.items() if embedding in each]


def list_edits(plan: Plan, data: str) -> list[str]:
    """List the edits that a data set is measured under: all, but for those that it is without."""
    without = plan["data"][data].get("without_edits", [])
    return [name for name in plan["test_edits"] if name not in without]
