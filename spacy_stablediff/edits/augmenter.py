"""The augmenter of small edits such as careless writing makes."""

from collections.abc import Iterator
from typing import Any, Literal

import numpy
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example

from ..checks import is_number, is_whole
from ..errors import Errors
from ..types import Array
from .alignment import align_characters, record_alignment
from .annotation import edit_reference
from .plan import Plan, choose_spaces, choose_swaps, is_annotated, stands_free
from .typos import KEYBOARDS, find_key_neighbours, misspell

NAME = "spacy-stablediff.edits.v1"

Keyboard = Literal["qwerty", "qwertz", "azerty"]


class Edits:
    """An augmenter that makes small edits, registered as `spacy-stablediff.edits.v1`.

    Yields one edited copy of each example. Its gold annotation stays right:

    - Tokens of entities and of spans (doc.spans) may be misspelt, but are neither
      dropped nor swapped. Entities, spans and categories are then as they were.
    - Tags, parts of speech, morphology, lemmas and entity links go with their
      token. A misspelt word keeps the lemma of the word that was meant.
    - Heads follow their tokens. A token whose head was dropped has a missing head.
    - Sentences begin with their first remaining word, and no swap leaves one.
    - Custom attributes and other user data are dropped, for they may hold positions,
      and so are spans without tokens.

    Only words that stand free are swapped and dropped, no parts of contractions or of
    words with a hyphen, so the spaces around words and punctuation stay plausible.
    The edited text is tokenized by the pipeline, so a typo may split a token or merge
    two; where the spaces are unknown (Doc.has_unknown_spaces) the tokens stay. A
    document that has words keeps at least one.

    The alignment with the clean document, `example.predicted`, is recorded in the
    user_data of the edited one, which survives Example and Doc copies and
    serialization: `alignment.align` finds it.

    The seed fixes the sequence of edits, so the same documents in the same order get
    the same edits, and each epoch of a training gets new ones.
    """

    def __init__(
        self,
        typo: float = 0.1,
        swap: float = 0.1,
        drop: float = 0.1,
        seed: int = 0,
        keyboard: Keyboard = "qwerty",
    ) -> None:
        """Create the augmenter.

        typo (float): How often, from 0 to 1, a token that has letters is misspelt
            as a keyboard does it: two letters exchanged, one doubled, left out, or
            hit one key off.
        swap (float): How often, from 0 to 1, a word changes places with the next.
        drop (float): How often, from 0 to 1, a word is dropped.
        seed (int): The seed >= 0 of the random choices.
        keyboard (str): The layout of the keyboard: "qwerty", "qwertz" or "azerty".
        RAISES (ValueError): SD100 if a rate is not a number from 0 to 1, SD101 if
            the layout is unknown, SD102 if the seed is not a whole number >= 0.
        """
        for setting, value in [("typo", typo), ("swap", swap), ("drop", drop)]:
            if not is_number(value, least=0, most=1):
                raise ValueError(Errors.SD100.format(augmenter=NAME, setting=setting, value=value))
        if keyboard not in KEYBOARDS:
            options = ", ".join(KEYBOARDS)
            raise ValueError(Errors.SD101.format(augmenter=NAME, value=keyboard, opts=options))
        if not is_whole(seed):
            raise ValueError(Errors.SD102.format(augmenter=NAME, value=seed))
        self.typo = typo
        self.swap = swap
        self.drop = drop
        self.seed = seed
        self.keyboard = keyboard
        self._neighbours = find_key_neighbours(KEYBOARDS[keyboard])
        self._rng = numpy.random.default_rng(seed)

    @property
    def config(self) -> dict[str, Any]:
        """The augmenter as a config block."""
        rates = {"typo": self.typo, "swap": self.swap, "drop": self.drop}
        return {"@augmenters": NAME, **rates, "seed": self.seed, "keyboard": self.keyboard}

    def restarted(self) -> "Edits":
        """Return the same augmenter as it was at first, about to make the same edits."""
        return Edits(self.typo, self.swap, self.drop, self.seed, self.keyboard)

    def __call__(self, nlp: Language, example: Example) -> Iterator[Example]:
        """Edit a copy of an example.

        nlp (Language): The pipeline, whose tokenizer is used.
        example (Example): The example, which is not modified.
        YIELDS (Example): The edited example; an empty one as it is.
        """
        clean = example.reference
        if len(clean) == 0:
            yield example
            return
        plan = self._plan(clean)
        reference = edit_reference(clean, plan)
        predicted = _tokenize(nlp, reference)
        if example.predicted.text == clean.text:
            alignment = _align_predicted(example.predicted, clean, predicted, reference, plan)
            record_alignment(example.predicted, predicted, alignment)
        yield Example(predicted, reference)

    def _plan(self, doc: Doc) -> Plan:
        """Choose what to do to the tokens of a document."""
        draws = self._rng.random((6, len(doc)))
        words = [token.text for token in doc]
        is_word = numpy.array([any(map(str.isalnum, word)) for word in words], dtype=bool)
        movable = is_word & stands_free(doc) & ~is_annotated(doc)
        dropped = movable & (draws[2] < self.drop)
        if not (is_word & ~dropped).any():
            dropped[numpy.where(is_word, draws[2], -1).argmax()] = False
        swapped = choose_swaps(doc, words, movable & ~dropped, draws[1] < self.swap)
        order = numpy.arange(len(doc))
        order[swapped], order[swapped + 1] = swapped + 1, swapped
        source = order[~dropped]
        words = [words[i] for i in source.tolist()]
        typos = {}
        for i in numpy.flatnonzero(draws[0][source] < self.typo).tolist():
            typo = misspell(words[i], self._neighbours, *draws[3:, source[i]].tolist())
            if typo is not None:
                typos[i] = typo
                words[i] = typo.text
        return Plan(words, choose_spaces(doc, ~dropped), source, typos)


def _tokenize(nlp: Language, reference: Doc) -> Doc:
    """Make the unannotated document that a pipeline would see."""
    if reference.has_unknown_spaces:
        words = [token.text for token in reference]
        spaces = [bool(token.whitespace_) for token in reference]
        return Doc(nlp.vocab, words=words, spaces=spaces)
    return nlp.make_doc(reference.text)


def _align_predicted(
    clean: Doc, clean_reference: Doc, edited: Doc, edited_reference: Doc, plan: Plan
) -> Array:
    """Align tokenized documents by where each character of the edited text comes from."""
    clean_starts = clean_reference.to_array("IDX").astype("int64")[plan.source]
    starts, lengths = edited_reference.to_array(["IDX", "LENGTH"]).astype("int64").T
    shift_from = numpy.zeros(len(plan.source), dtype="int64")
    shifts = numpy.zeros_like(shift_from)
    typos = list(plan.typos)
    shift_from[typos] = [typo.start for typo in plan.typos.values()]
    shifts[typos] = [typo.shift for typo in plan.typos.values()]
    token = numpy.repeat(numpy.arange(len(lengths)), lengths)
    offset = numpy.arange(len(token)) - numpy.repeat(numpy.cumsum(lengths) - lengths, lengths)
    moved = numpy.where(offset >= shift_from[token], shifts[token], 0)
    return align_characters(
        _token_at(clean, clean_starts[token] + offset - moved),
        _token_at(edited, starts[token] + offset),
        len(edited),
    )


def _token_at(doc: Doc, chars: Array) -> Array:
    """Index of the token that holds each of some characters."""
    return numpy.searchsorted(doc.to_array("IDX").astype("int64"), chars, side="right") - 1
