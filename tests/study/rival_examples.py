"""A small plan of rivals, and lines of its runs whose figures are easy to compute by hand."""

from .examples import DOCUMENTS

EDITS = {
    "light": {"@augmenters": "spacy-stablediff.edits.v1", "typo": 0.05},
    "letters 15 %": {"@augmenters": "spacy-stablediff.edits.v1", "letters": 0.15},
    "misspellings": {"@augmenters": "study.codespell.v1", "rate": 1.0, "seed": 1},
    "lower case": {"@augmenters": "spacy-stablediff.edits.v1", "case": 1.0, "casing": "lower"},
    "upper case": {"@augmenters": "spacy-stablediff.edits.v1", "case": 1.0, "casing": "upper"},
}
ENTITIES = {"pipe": "ner", "score": "ents_f", "documents": DOCUMENTS}
PLAN = {
    "base": "init_config",
    "patience": 1600,
    "max_steps": 20000,
    "eval_frequency": 200,
    "pretrained": "en_core_web_sm",
    "vectors": "en_core_web_md",
    "data": {
        "btc": {**ENTITIES, "lang": "en"},
        "dutch": {
            **ENTITIES,
            "lang": "nl",
            "embeddings": ["scratch"],
            "without_edits": ["misspellings"],
        },
    },
    "embeddings": ["scratch", "pretrained"],
    "most_seeds": {"pretrained": 1},
    "main": ["baseline", "augmentation", "ours"],
    "test_edits": EDITS,
    "variants": {
        "baseline": {"seeds": 2},
        "augmentation": {"seeds": 2, "augmenter": EDITS["light"]},
        "ours": {"seeds": 2, "stabilizer": "recommended"},
        "ours-of-another-weight": {"seeds": 2, "stabilizer": {"weight": 0.3}},
    },
}
CLEAN = {"baseline": 0.60, "augmentation": 0.58, "ours": 0.61, "ours-of-another-weight": 0.7}
# What each edit costs; augmentation and ours lose half as much.
COSTS = {
    "light": 0.06,
    "letters 15 %": 0.20,
    "misspellings": 0.10,
    "lower case": 0.30,
    "upper case": 0.40,
}


def make_line(data, embedding, variant, seed):
    """A run: seed 1 scores 0.02 more; ours moves half as far as the others."""
    clean = CLEAN[variant] + 0.02 * seed
    ours = variant.startswith("ours")
    share, far = (1.0 if variant == "baseline" else 0.5), (0.5 if ours else 1.0)
    moved = {
        "displacement": 0.2 * far,
        "p95": 0.8 * far,
        "identity": 0.9,
        "cats_flips": None,
        "ents_agreement": 1 - 0.2 * far,
    }
    without = PLAN["data"][data].get("without_edits", [])
    part = {"clean": {"score": clean}}
    part |= {
        edit: {"score": clean - share * cost, **moved}
        for edit, cost in COSTS.items()
        if edit not in without
    }
    return {
        "data": data,
        "embedding": embedding,
        "variant": variant,
        "seed": seed,
        "training_seconds": 150.0 if ours else 100.0,
        "speed_ratio": 0.98 if ours else 1.0,
        "versions": {"spacy": "3.8.0"},
        "machine": "a machine",
        "dev": part,
        "test": part,
    }


def make_lines():
    """All runs of the plan."""
    places = [("btc", "scratch", (0, 1)), ("dutch", "scratch", (0, 1)), ("btc", "pretrained", (0,))]
    return [
        make_line(data, embedding, variant, seed)
        for data, embedding, seeds in places
        for variant in PLAN["variants"]
        for seed in seeds
    ]
