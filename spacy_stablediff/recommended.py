"""The recommended set-up: what the study found to serve classification and entities alike.

Plain config blocks, as they stand in a training config. `stablediff add`, the bundled
configs, the study, the benchmarks and the documentation all take them from here.
"""

from typing import Any

# The diffusion of a component `stablediff`, and of embeddings that components own. It
# starts as the identity, so that it can be put around what is trained already.
DIFFUSION: dict[str, Any] = {
    "@architectures": "spacy-stablediff.MultiscaleDiffusion.v1",
    "times": [4.0, 32.0, None],
    "learn_confidence": True,
}

# The edits that stability training makes.
EDITS: dict[str, Any] = {
    "@augmenters": "spacy-stablediff.edits.v1",
    "typo": 0.1,
    "swap": 0.1,
    "drop": 0.1,
}

# Edits of every kind.
EVERY_EDIT: dict[str, Any] = {
    "@augmenters": "spacy-stablediff.edits.v1",
    "typo": 0.1,
    "swap": 0.05,
    "drop": 0.05,
    "letters": 0.03,
    "case": 0.3,
    "ocr": 0.1,
    "split": 0.02,
    "join": 0.02,
}

# The losses of a component `stabilizer`.
STABILIZER: dict[str, Any] = {
    "weight": 0.05,
    "contrast": 30.0,
    "consistency": 1.0,
    "supervision": 0.0,
    "augmenter": EDITS,
    "share": 0.5,
}

# The same where text classifiers alone are trained: they learn the annotation of the edited copies.
CLASSIFIER_STABILIZER: dict[str, Any] = {
    **STABILIZER,
    "consistency": 0.0,
    "supervision": 1.0,
    "augmenter": EVERY_EDIT,
}

# The same where their embedding was trained before: they learn from a copy of every text, and nothing
# holds the vectors.
COPYING_STABILIZER: dict[str, Any] = {**CLASSIFIER_STABILIZER, "weight": 0.0, "share": 1.0}

# What a component `augmentation` trains with. No part of the set-up: it gains on some data and
# loses on other.
AUGMENTATION: dict[str, Any] = {"augmenter": EVERY_EDIT, "share": 0.5}

# The graph of words that an embedding diffuses new words over, and which words it knows.
WORDS: dict[str, Any] = {"time": 1.0, "distance": 2, "min_count": 2, "word_dropout": 0.0}

# The same in such an embedding: all words keep what it was trained on.
COPYING_WORDS: dict[str, Any] = {**WORDS, "min_count": 0}

# The graph of words of a bag of words, in which all words that training saw are known.
BAG: dict[str, Any] = {key: WORDS[key] for key in ("time", "distance")}

# The same in an ensemble with exclusive classes, where a bag that starts from zeros never learns.
ENSEMBLE_BAG: dict[str, Any] = {**BAG, "init_std": 0.01}

# What [training.optimizer] needs besides: the weights that are scored and saved are averages
# over the steps of training, so that they hang less on the step at which it ends.
OPTIMIZER: dict[str, Any] = {"use_averages": True}
