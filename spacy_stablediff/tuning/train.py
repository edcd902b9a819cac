"""Training embeddings to serve edited texts as they serve clean ones."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, cast

from spacy.language import Language
from spacy.training import Example
from spacy.util import minibatch
from thinc.api import Adam, Model, Optimizer
from tqdm import tqdm

from ..edits.augmenter import Edits
from ..edits.forgetting import forget_new_words
from ..measure.data import copy_tokens
from ..types import Augmenter
from ..wiring.weights import Weights, read_weights, write_weights
from ..words.known import trained_on
from .labels import only_own_labels
from .reading import annotate, find_annotators

# Texts in a batch; each has an edited copy beside it.
BATCH_SIZE = 32


def make_edits(seed: int) -> list[Augmenter]:
    """Return augmenters for the copies that are trained on, of which each text gets one.

    seed (int): Their seed.
    RETURNS (List[Callable[[Language, Example], Iterator[Example]]]): The augmenters: one
        for typing errors, and one for small letters, with fewer of them. Texts in capitals
        are embedded as those are.
    """
    return [
        Edits(0.05, 0.0, 0.0, seed, letters=0.04),
        Edits(0.03, 0.0, 0.0, seed + 1, letters=0.01, case=1.0, casing="lower"),
    ]


def train(
    nlp: Language,
    embeddings: dict[str, Model],
    examples: list[Example],
    *,
    epochs: int,
    learn_rate: float,
    seed: int,
    progress: bool,
    check: Callable[[], None],
) -> None:
    """Train the embeddings of components on texts and edited copies of them.

    What reads an embedding stays as it is, and so does every other component.

    nlp (Language): The pipeline, of which the embeddings are modified.
    embeddings (Dict[str, Model[List[Doc], List[Floats2d]]]): Those of the components to
        tune, by their names.
    examples (List[Example]): The texts, with the annotation to learn.
    epochs (int): Passes through the texts.
    learn_rate (float): The learning rate.
    seed (int): The seed of the order of the texts, and of the edits.
    progress (bool): Whether to show a progress bar.
    check (Callable[[], None]): Called behind each epoch, with averaged weights in place.
    """
    optimizer = Adam(learn_rate, L2=0.0, grad_clip=1.0, use_averages=True)
    edits, rng = make_edits(seed), random.Random(seed)
    annotators = find_annotators(nlp, embeddings)
    total = epochs * len(examples)
    with tqdm(total=total, disable=not progress, desc="Tuning", unit="texts") as bar:
        for _ in range(epochs):
            order = rng.sample(examples, len(examples))
            for batch in minibatch(order, BATCH_SIZE):
                with forget_new_words(nlp.vocab):
                    both = _make_batch(nlp, batch, edits, rng)
                    annotate(nlp, annotators, both)
                    _learn(nlp, embeddings, both, optimizer)
                bar.update(len(batch))
            with _averaged(embeddings, optimizer):
                check()


def _make_batch(
    nlp: Language, examples: list[Example], edits: list[Augmenter], rng: random.Random
) -> list[Example]:
    """Put an edited copy beside each text, anew, for predictions must not pile up."""
    batch = [Example(copy_tokens(nlp.vocab, eg.predicted), eg.reference) for eg in examples]
    chosen = rng.choices(edits, k=len(batch))
    copies = [copy for eg, edit in zip(batch, chosen, strict=True) for copy in edit(nlp, eg)]
    return [*batch, *copies]


def _learn(
    nlp: Language, embeddings: dict[str, Model], examples: list[Example], optimizer: Optimizer
) -> None:
    """Let the embeddings take a step, and nothing else."""
    for name, embedding in embeddings.items():
        component: Any = nlp.get_pipe(name)
        # What is new to an embedding stays so: nobody has trained what it would be known by.
        with trained_on(component.model, "counted"), only_own_labels(component, examples):
            component.update(examples)
        embedding.finish_update(optimizer)
        _forget_gradients(component.model)


def _forget_gradients(model: Model) -> None:
    for node in model.walk():
        for name in node.param_names:
            if node.has_grad(name):
                node.set_grad(name, 0 * node.get_grad(name))


@contextmanager
def _averaged(embeddings: dict[str, Model], optimizer: Optimizer) -> Iterator[None]:
    """Put the averages over all steps in the place of the weights for a while."""
    learned = {name: read_weights(embedding) for name, embedding in embeddings.items()}
    for embedding in embeddings.values():
        write_weights(embedding, cast(Weights, optimizer.averages or {}))
    yield
    for name, embedding in embeddings.items():
        write_weights(embedding, learned[name])
