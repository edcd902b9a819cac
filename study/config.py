"""The training config of a run: the bundled one, with the parts that its variant adds."""

from pathlib import Path
from typing import Any

from thinc.api import Config

from spacy_stablediff.recommended import DIFFUSION, STABILIZER, WORDS

from .plan import Plan, Run

BASE = Path(__file__).parent.parent / "configs" / "baseline.cfg"

# What a variant may add to the baseline, in the order of the pipeline.
RECOMMENDED = {"words": WORDS, "diffusion": DIFFUSION, "stabilizer": STABILIZER}

Block = dict[str, Any]


def make_config(plan: Plan, run: Run) -> Config:
    """Make the training config of a run.

    plan (Plan): The plan.
    run (Run): One of its runs.
    RETURNS (Config): The config.
    """
    data, variant = plan["data"][run.data], plan["variants"][run.variant]
    parts = make_parts(variant, data["pipe"])
    config = Config().from_disk(BASE, interpolate=False)
    config["components"][data["pipe"]]["model"].update(plan.get("models", {}).get(data["pipe"], {}))
    set_pipeline(config, data["pipe"], parts)
    if run.embedding == "pretrained":
        source_embedding(config, plan["pretrained"], parts.get("words"))
    elif "words" in parts:
        wrap_embedding(config, parts["words"])
    for part in ("train", "dev"):
        config["corpora"][part]["path"] = f"corpus/{run.data}/{part}.spacy"
    config["corpora"]["train"]["augmenter"] = variant.get("augmenter")
    training = config["training"]
    training.update(max_steps=data["steps"], eval_frequency=plan["eval_frequency"])
    training["batcher"]["size"] = variant.get("batch_words", training["batcher"]["size"])
    training["score_weights"] = {data["score"]: 1.0}
    config["system"]["seed"] = run.seed
    return config


def make_parts(variant: Block, pipe: str) -> dict[str, Block]:
    """Return the settings of each part that a variant adds to the baseline.

    variant (Block): The variant.
    pipe (str): The pipe that is trained. Only text classifiers have a consistency.
    RETURNS (Dict[str, Block]): The settings by the names of `RECOMMENDED`.
    """
    parts = {name: make_part(name, variant[name]) for name in RECOMMENDED if name in variant}
    if "stabilizer" in parts and pipe != "textcat":
        parts["stabilizer"]["consistency"] = 0.0
    return parts


def make_part(name: str, setting: Any) -> Block:
    """Return the settings of a part.

    name (str): One of `RECOMMENDED`.
    setting (Union[str, Block]): "recommended", what is to differ from that, or the
        config of another layer.
    RETURNS (Block): The settings.
    """
    changes = {} if setting == "recommended" else dict(setting)
    return changes if "@architectures" in changes else {**RECOMMENDED[name], **changes}


def set_pipeline(config: Config, pipe: str, parts: dict[str, Block]) -> None:
    """Keep the embedding and one pipe, and put the variant's components between them."""
    base = config["components"]
    components = {"tok2vec": base["tok2vec"]}
    if "diffusion" in parts:
        components["stablediff"] = {"factory": "stablediff", "model": parts["diffusion"]}
    if "stabilizer" in parts:
        components["stabilizer"] = {"factory": "stabilizer", **parts["stabilizer"]}
    components[pipe] = base[pipe]
    # The config refers to the embedding's own block, which may be wrapped or sourced.
    components[pipe]["model"]["tok2vec"]["width"] = base["tok2vec"]["model"]["width"]
    config["components"], config["nlp"]["pipeline"] = components, list(components)


def wrap_embedding(config: Config, words: Block) -> None:
    """Let the embedding know its words."""
    component = config["components"]["tok2vec"]
    component["model"] = {
        "@architectures": "spacy-stablediff.WordGraphTok2Vec.v1",
        **words,
        "tok2vec": component["model"],
    }


def source_embedding(config: Config, pipeline: str, words: Block | None) -> None:
    """Start from the embedding of a trained pipeline, and let it know its words if asked to."""
    config["components"]["tok2vec"] = {"source": pipeline}
    config["initialize"]["before_init"] = {
        "@callbacks": "spacy.copy_from_base_model.v1",
        "tokenizer": pipeline,
        "vocab": pipeline,
    }
    if words is not None:
        config["nlp"]["after_pipeline_creation"] = {
            "@callbacks": "spacy-stablediff.know_words.v1",
            "pipes": ["tok2vec"],
            **words,
        }
