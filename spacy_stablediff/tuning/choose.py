"""Keeping the best weights: as steady as may be, while clean texts stay as they are."""

from typing import NamedTuple

from spacy.language import Language
from spacy.training import Example
from thinc.api import Model

from ..component.know import change_graph
from ..edits.forgetting import forget_new_words
from ..layers.cased_tok2vec import LAYER
from ..wiring.weights import Key, Weights, list_keys, read_weights, write_weights
from ..words.layer import find_layers
from .agreement import agreement_edits, edit_all, measure_agreement

# How much of what was learned may be kept, the most first.
SHARES = (1.0, 0.5, 0.25, 0.1)

# The times of the diffusion over the graph of words to choose from.
TIMES = (1.0, 0.3, 0.1, 0.0)


class Agreement(NamedTuple):
    """How well components say what they are to say, from 0 to 1.

    clean (float): Of clean texts.
    edited (Dict[str, float]): Of edited texts, by the name of the edit.
    """

    clean: float
    edited: dict[str, float]


class Chooser:
    """Measures weights on texts that are held out, and remembers the best.

    Texts in a single case and others pass different parts of an embedding, so the best of
    both are found apart from each other.
    """

    def __init__(
        self, nlp: Language, names: list[str], examples: list[Example], *, keep: float, seed: int
    ):
        """Measure the pipeline as it is.

        nlp (Language): The pipeline.
        names (List[str]): The components that are to be tuned.
        examples (List[Example]): The texts that are held out.
        keep (float): Share, from 0 to 1, of the agreement on clean texts that must be kept.
        seed (int): The seed of the edits.
        """
        self.nlp, self.names, self.clean = nlp, names, examples
        self.edited = agreement_edits(seed)
        self.cased = [name for name in self.edited if name != "letters mistyped"]
        self.before = self.measure()
        self.least = keep * self.before.clean

    def choose_time(self) -> None:
        """Set the time of the diffusion over the graph of words that makes the pipeline steadiest."""
        names = [name for name in self.names if any(find_layers(self.nlp.get_pipe(name)))]
        measured = {}
        for time in TIMES if names else ():
            self._set_time(names, time)
            measured[time] = self.measure()
        fit = [time for time, each in measured.items() if each.clean >= self.least]
        if fit:
            self._set_time(names, max(fit, key=lambda time: sum(measured[time].edited.values())))

    def begin(self, embeddings: dict[str, Model]) -> None:
        """Take the weights in place as the first and so far the best.

        embeddings (Dict[str, Model[List[Doc], List[Floats2d]]]): What will be trained, by
            the names of the components.
        """
        self.embeddings = embeddings
        self.apart = self._list_single_case()
        self.first = self.best = self._read()
        self.steadiness = self._measure_mixed()
        self.cased_steadiness = self._measure_single_case()

    def check(self) -> None:
        """Measure the weights in place, whole and in part, and remember what is best."""
        learned = self._read()
        for share in SHARES:
            self._write(self._blend(learned, share))
            steadiness = self._measure_single_case()
            if steadiness > self.cased_steadiness:
                self.cased_steadiness = steadiness
                self.best = self._compose(self.best, self._read())
        for share in SHARES:
            self._write(self._compose(self._blend(learned, share), self.best))
            if measure_agreement(self.nlp, self.names, self.clean) >= self.least:
                steadiness = self._measure_mixed()
                if steadiness > self.steadiness:
                    self.steadiness, self.best = steadiness, self._read()
                break
        self._write(learned)

    def restore(self) -> None:
        """Put the best weights in place."""
        self._write(self.best)

    def measure(self) -> Agreement:
        """Measure the weights in place."""
        edited = {name: self._measure_edit(name) for name in self.edited}
        return Agreement(measure_agreement(self.nlp, self.names, self.clean), edited)

    def _set_time(self, names: list[str], time: float) -> None:
        for name in names:
            change_graph(self.nlp, name, {"time": time})

    def _measure_edit(self, name: str) -> float:
        # Edited anew each time, for the vocab is to forget what they misspell.
        with forget_new_words(self.nlp.vocab):
            edited = edit_all(self.nlp, self.clean, self.edited[name].restarted())
            return measure_agreement(self.nlp, self.names, edited)

    def _measure_mixed(self) -> float:
        return self._measure_edit("letters mistyped")

    def _measure_single_case(self) -> float:
        return sum(self._measure_edit(name) for name in self.cased) / len(self.cased)

    def _blend(self, learned: Weights, share: float) -> Weights:
        """Mix what was learned with what was there."""
        return {
            key: self.first[key] + share * (value - self.first[key])
            for key, value in learned.items()
        }

    def _compose(self, mixed: Weights, single_case: Weights) -> Weights:
        """Take the weights for texts in a single case from one, all others from another."""
        return {
            key: single_case[key] if key in self.apart else value for key, value in mixed.items()
        }

    def _read(self) -> Weights:
        weights: Weights = {}
        for embedding in self.embeddings.values():
            weights.update(read_weights(embedding))
        return weights

    def _write(self, weights: Weights) -> None:
        for embedding in self.embeddings.values():
            write_weights(embedding, weights)

    def _list_single_case(self) -> set[Key]:
        """The weights that only texts in a single case pass."""
        parts = (part for embedding in self.embeddings.values() for part in embedding.walk())
        cased = (part.get_ref("single_case") for part in parts if part.name == LAYER)
        return {key for part in cased for key in list_keys(part)}
