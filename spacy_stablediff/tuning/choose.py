"""Keeping the best weights: as steady as may be, while clean texts stay as they are."""

from typing import NamedTuple

from spacy.language import Language
from spacy.training import Example
from thinc.api import Model

from ..layers.cased_tok2vec import LAYER
from ..types import Array
from .agreement import agreement_edits, edit_all, measure_agreement

# Shares of what was learned for texts in several cases that may be kept, the largest first.
SHARES = (1.0, 0.75, 0.5, 0.35, 0.2, 0.1, 0.0)

Weights = dict[tuple[str, int, str], Array]


class Choice(NamedTuple):
    """Weights, and how well a pipeline agrees with what it is to say.

    clean (float): Agreement on clean texts, from 0 to 1.
    edited (Dict[str, float]): Agreement on edited texts, by the name of the edit.
    share (float): How much of what was learned for texts in several cases they hold.
    weights (Dict): The weights.
    """

    clean: float
    edited: dict[str, float]
    share: float
    weights: Weights

    @property
    def mean(self) -> float:
        """Mean agreement on edited texts."""
        return sum(self.edited.values()) / len(self.edited)


class Chooser:
    """Measures weights on texts that are held out, and remembers the best."""

    def __init__(
        self,
        nlp: Language,
        embeddings: dict[str, Model],
        examples: list[Example],
        *,
        keep: float,
        seed: int,
    ):
        """Measure the pipeline as it is.

        nlp (Language): The pipeline.
        embeddings (Dict[str, Model[List[Doc], List[Floats2d]]]): What is trained, by the
            names of the components.
        examples (List[Example]): The texts that are held out.
        keep (float): Share, from 0 to 1, of the agreement on clean texts that must be kept.
        seed (int): The seed of the edits.
        """
        self.nlp, self.embeddings, self.clean = nlp, embeddings, examples
        self.edited = {
            name: edit_all(nlp, examples, edit) for name, edit in agreement_edits(seed).items()
        }
        self.before = self._measure(1.0)
        self.least = keep * self.before.clean
        self.best = self.before

    def check(self) -> None:
        """Measure the weights in place, with less of what was learned where that costs too
        much on clean texts, and remember them if they are the best so far."""
        learned = self._read()
        for share in SHARES:
            self._write(self._blend(learned, share))
            clean = measure_agreement(self.nlp, list(self.embeddings), self.clean)
            if clean >= self.least:
                choice = self._measure(share, clean)
                self.best = max(self.best, choice, key=lambda each: each.mean)
                break
        self._write(learned)

    def restore(self) -> None:
        """Put the best weights in place."""
        self._write(self.best.weights)

    def _measure(self, share: float, clean: float | None = None) -> Choice:
        names = list(self.embeddings)
        if clean is None:
            clean = measure_agreement(self.nlp, names, self.clean)
        edited = {
            name: measure_agreement(self.nlp, names, examples)
            for name, examples in self.edited.items()
        }
        return Choice(clean, edited, share, self._read())

    def _blend(self, learned: Weights, share: float) -> Weights:
        """Mix what was learned with what was there, apart from texts in a single case."""
        first = self.before.weights
        apart = self._list_single_case()
        return {
            key: value if key[:2] in apart else first[key] + share * (value - first[key])
            for key, value in learned.items()
        }

    def _read(self) -> Weights:
        return {
            (name, index, param): node.get_param(param).copy()
            for name, embedding in self.embeddings.items()
            for index, node in enumerate(embedding.walk())
            for param in node.param_names
            if node.has_param(param)
        }

    def _write(self, weights: Weights) -> None:
        for name, embedding in self.embeddings.items():
            for index, node in enumerate(embedding.walk()):
                for param in node.param_names:
                    if node.has_param(param):
                        node.set_param(param, weights[name, index, param].copy())

    def _list_single_case(self) -> set[tuple[str, int]]:
        """The nodes that only texts in a single case pass."""
        return {
            (name, index)
            for name, embedding in self.embeddings.items()
            for part in embedding.walk()
            if part.name == LAYER
            for index, node in enumerate(embedding.walk())
            if any(node is inner for inner in part.get_ref("single_case").walk())
        }
