"""The training config of a run: its base, with what its variant changes and adds."""

from copy import deepcopy
from typing import Any

from thinc.api import Config

from spacy_stablediff.recommended import (
    AUGMENTATION,
    BAG,
    CLASSIFIER_STABILIZER,
    DIFFUSION,
    ENSEMBLE_BAG,
    STABILIZER,
    WORDS,
)

from .base import get_width, make_base
from .plan import Plan, Run, find_corpus

# What a variant may add to the baseline, in the order of the pipeline.
RECOMMENDED = {
    "augmentation": AUGMENTATION,
    "words": WORDS,
    "diffusion": DIFFUSION,
    "stabilizer": STABILIZER,
    "bag": BAG,
}

Block = dict[str, Any]


def make_config(plan: Plan, run: Run) -> Config:
    """Make the training config of a run.

    plan (Plan): The plan.
    run (Run): One of its runs.
    RETURNS (Config): The config.
    """
    data, variant = plan["data"][run.data], plan["variants"][run.variant]
    parts = make_parts(plan, variant, data["pipe"])
    config = make_base(plan, run)
    set_model(
        config, data["pipe"], variant.get("model", plan.get("models", {}).get(data["pipe"], {}))
    )
    set_embed(config, variant.get("embed", {}))
    if "bag" in parts:
        wrap_bag(config["components"][data["pipe"]], parts["bag"])
    set_pipeline(config, data["pipe"], parts)
    if run.embedding == "pretrained":
        source_embedding(config, plan["pretrained"], parts.get("words"))
    elif "words" in parts:
        wrap_embedding(config, parts["words"])
    for part in ("train", "dev"):
        config["corpora"][part]["path"] = f"{find_corpus(plan, run.data)}/{part}.spacy"
    training = config["training"]
    set_augmenter(config, variant.get("augmenter"), anew=variant.get("anew", False))
    limits = {key: plan[key] for key in ("patience", "max_steps", "eval_frequency") if key in plan}
    training.update(limits, **{"max_steps": data["steps"]} if "steps" in data else {})
    training["batcher"]["size"] = variant.get("batch_words", training["batcher"]["size"])
    optimizer = training["optimizer"]
    optimizer["use_averages"] = variant.get("averages", optimizer["use_averages"])
    training["score_weights"] = {data["score"]: 1.0}
    config["system"]["seed"] = run.seed
    return config


def make_parts(plan: Plan, variant: Block, pipe: str) -> dict[str, Block]:
    """Return the settings of each part that a variant adds to the baseline.

    plan (Plan): The plan.
    variant (Block): The variant.
    pipe (str): The pipe that is trained.
    RETURNS (Dict[str, Block]): The settings by the names of `RECOMMENDED`.
    """
    recommended = recommend(plan, pipe).items()
    return {name: make_part(block, variant[name]) for name, block in recommended if name in variant}


def recommend(plan: Plan, pipe: str) -> dict[str, Block]:
    """Return the recommended settings of each part, as `stablediff add` chooses them for a pipe.

    plan (Plan): The plan, with what its stabilizers have in place of what is recommended now.
    pipe (str): The pipe that is trained.
    RETURNS (Dict[str, Block]): The settings by the names of `RECOMMENDED`.
    """
    stabilizer = CLASSIFIER_STABILIZER if pipe == "textcat" else {**STABILIZER, "consistency": 0.0}
    changes = plan.get("stabilizers", {}).get(pipe, {})
    return {**RECOMMENDED, "stabilizer": {**stabilizer, **changes}}


def make_part(recommended: Block, setting: Any) -> Block:
    """Return the settings of a part.

    recommended (Block): The recommended ones.
    setting (Union[str, Block]): "recommended", what is to differ from that, or the
        config of another layer.
    RETURNS (Block): The settings.
    """
    changes = {} if setting == "recommended" else dict(setting)
    return changes if "@architectures" in changes else {**recommended, **changes}


def is_ours(variant: Block) -> bool:
    """Tell whether a variant has any part of this package; the others are its rivals."""
    return not RECOMMENDED.keys().isdisjoint(variant)


def set_model(config: Config, pipe: str, changes: Block) -> None:
    """Change settings of a pipe's model, or take another model in its place."""
    component = config["components"][pipe]
    model = {} if "@architectures" in changes else component["model"]
    component["model"] = {**model, **deepcopy(changes)}


def set_embed(config: Config, changes: Block) -> None:
    """Let the embedding embed single words in another way."""
    if changes:
        model = config["components"]["tok2vec"]["model"]
        kept = {key: model["embed"][key] for key in ("width", "include_static_vectors")}
        model["embed"] = {**kept, **changes}


def set_augmenter(config: Config, augmenter: Block | None, *, anew: bool) -> None:
    """Let the training corpus be augmented once, or anew in each epoch.

    spaCy reads a corpus once where `max_epochs` is 0, so that all epochs see the same edits.
    """
    corpus = config["corpora"]["train"]
    corpus["augmenter"] = augmenter
    if anew:
        config["corpora"]["train"] = {"@readers": "study.shuffled.v1", "corpus": corpus}
        config["training"]["max_epochs"] = -1


def set_pipeline(config: Config, pipe: str, parts: dict[str, Block]) -> None:
    """Keep one pipe, the embedding if it reads one, and put the variant's components between."""
    base = config["components"]
    reads = "tok2vec" in base[pipe]["model"]
    components = {}
    if "augmentation" in parts:
        components["augmentation"] = {"factory": "augmentation", **parts["augmentation"]}
    if reads:
        components["tok2vec"] = base["tok2vec"]
    if "diffusion" in parts:
        components["stablediff"] = {"factory": "stablediff", "model": parts["diffusion"]}
    if "stabilizer" in parts:
        components["stabilizer"] = {"factory": "stabilizer", **parts["stabilizer"]}
    components[pipe] = base[pipe]
    if reads:
        # The config refers to the embedding's own block, which may be wrapped or sourced.
        components[pipe]["model"]["tok2vec"]["width"] = get_width(base["tok2vec"]["model"])
    config["components"], config["nlp"]["pipeline"] = components, list(components)


def wrap_embedding(config: Config, words: Block) -> None:
    """Let the embedding know its words."""
    component = config["components"]["tok2vec"]
    component["model"] = {
        "@architectures": "spacy-stablediff.WordGraphTok2Vec.v1",
        **words,
        "tok2vec": component["model"],
    }


def wrap_bag(component: Block, bag: Block) -> None:
    """Let a classifier's bag of words know its words, alone or in an ensemble."""
    model = component["model"]
    holder, key, settings = component, "model", bag
    if "linear_model" in model:
        holder, key, settings = model, "linear_model", {**ENSEMBLE_BAG, **bag}
    architecture = "spacy-stablediff.WordGraphBOW.v1"
    holder[key] = {"@architectures": architecture, **settings, "bow": holder[key]}


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
