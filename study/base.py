"""The config that a variant changes: the bundled one, or what `spacy init config` makes."""

from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any

from thinc.api import Config

from .plan import Plan, Run

BASE = Path(__file__).parent.parent / "configs" / "baseline.cfg"


def make_base(plan: Plan, run: Run) -> Config:
    """Make the config that the variant of a run changes.

    plan (Plan): The plan.
    run (Run): One of its runs.
    RETURNS (Config): The config, which has a component "tok2vec" and that of the data set.
    """
    data = plan["data"][run.data]
    if plan["base"] == "bundled":
        config = Config().from_disk(BASE, interpolate=False)
        config["nlp"]["lang"] = data.get("lang", config["nlp"]["lang"])
        if run.embedding == "vectors":
            config["paths"]["vectors"] = plan["vectors"]
            config["components"]["tok2vec"]["model"]["pretrained_vectors"] = True
        return config
    optimize = "accuracy" if run.embedding == "vectors" else "efficiency"
    config = _init_config(data["lang"], data["pipe"], optimize)
    # For efficiency, a text classifier counts words. It gets the embedding of all other pipes.
    other = _init_config(data["lang"], "ner", optimize)
    model = config["components"].setdefault("tok2vec", other["components"]["tok2vec"])["model"]
    # The config refers to its place, which a wrapper changes.
    model["embed"]["width"] = model["encode"]["width"]
    if run.embedding == "vectors":
        config["paths"]["vectors"] = plan["vectors"]
    return config


def get_width(model: dict[str, Any]) -> int:
    """Return the width of the embedding.

    model (Dict[str, Any]): Its block.
    RETURNS (int): The width.
    """
    return model["width"] if "width" in model else model["encode"]["width"]


def _init_config(lang: str, pipe: str, optimize: str) -> Config:
    return Config().from_str(_write_config(lang, pipe, optimize), interpolate=False)


@lru_cache
def _write_config(lang: str, pipe: str, optimize: str) -> str:
    """What `spacy init config` writes for a CPU."""
    # The package spacy.cli has a function of the module's name.
    module = import_module("spacy.cli.init_config")
    settings = {"optimize": optimize, "gpu": False, "silent": True}
    return module.init_config(lang=lang, pipeline=[pipe], **settings).to_str()
