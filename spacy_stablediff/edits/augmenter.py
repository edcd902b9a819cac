"""The augmenter of edits such as people and machines make."""

from typing import Any, Literal

import numpy
from spacy.tokens import Doc

from ..errors import Errors
from ..types import Array
from .casing import CASINGS, Casing, find_beginnings, recase
from .noise import Respell, lose_accents, misread, split, stretch, use_digit
from .plan import Plan, choose_spaces, choose_swaps, is_annotated, stands_free
from .seeded import SeededAugmenter
from .spelling import Spelling, keep
from .typos import KEYBOARDS, find_key_neighbours, misspell, mistype_letter

Keyboard = Literal["qwerty", "qwertz", "azerty"]

# What else may happen to a word, in this order.
RESPELLINGS: dict[str, Respell] = {
    "ocr": misread,
    "stretch": stretch,
    "accents": lose_accents,
    "digits": use_digit,
    "split": split,
}


class Edits(SeededAugmenter):
    """An augmenter that makes small edits, registered as `spacy-stablediff.edits.v1`.

    Yields one edited copy of each example. Its gold annotation stays right:

    - Tokens of entities and of spans (doc.spans) may be written differently, but are
      neither dropped nor swapped. Entities, spans and categories are then as they were.
    - Tags, parts of speech, morphology, lemmas and entity links go with their
      token. A misspelt word keeps the lemma of the word that was meant.
    - Heads follow their tokens. A token whose head was dropped has a missing head.
    - Sentences begin with their first remaining word, and no swap leaves one.
    - Custom attributes and other user data are dropped, for they may hold positions,
      and so are spans without tokens.

    Only words that stand free are swapped and dropped, no parts of contractions or of
    words with a hyphen, so the spaces around words and punctuation stay plausible.
    The edited text is tokenized by the pipeline, so a typo may split a token or merge
    two; where the spaces are unknown (Doc.has_unknown_spaces) the tokens stay, no word
    is split, and no space left out. A document that has words keeps at least one.

    The alignment with the clean document, `example.predicted`, is recorded in the
    user_data of the edited one, which survives Example and Doc copies and
    serialization: `alignment.align` finds it.

    The seed fixes the sequence of edits, so the same documents in the same order get
    the same edits, and each time that a corpus is read it gets new ones. spaCy reads it once for
    all epochs, unless [training] max_epochs is -1.
    """

    name = "spacy-stablediff.edits.v1"

    def __init__(
        self,
        typo: float = 0.1,
        swap: float = 0.1,
        drop: float = 0.1,
        seed: int = 0,
        keyboard: Keyboard = "qwerty",
        *,
        letters: float = 0.0,
        case: float = 0.0,
        casing: Casing | None = None,
        ocr: float = 0.0,
        stretch: float = 0.0,
        accents: float = 0.0,
        digits: float = 0.0,
        split: float = 0.0,
        join: float = 0.0,
    ) -> None:
        """Create the augmenter. All rates are from 0 to 1.

        typo (float): How often a token that has letters is misspelt as a keyboard does
            it: two letters exchanged, one doubled, left out, or hit one key off.
        swap (float): How often a word changes places with the next.
        drop (float): How often a word is dropped.
        seed (int): The seed >= 0 of the random choices.
        keyboard (str): The layout of the keyboard: "qwerty", "qwertz" or "azerty".
        letters (float): How often each letter is mistyped, maybe several in a word.
        case (float): How often a document is put into another case.
        casing (Optional[str]): Which: "lower", "upper", or "title" for every word
            capitalized; None for one of these at random.
        ocr (float): How often a token has letters read wrongly, as in "modem" for "modern".
        stretch (float): How often a word has a letter drawn out, as in "sooo".
        accents (float): How often a word loses its accents.
        digits (float): How often a word has a digit for a letter, as in "gr8".
        split (float): How often a word is split in two.
        join (float): How often a space between two tokens is left out; at 1 all are. Line
            breaks, tabs and further spaces in a row, which are tokens of their own, stay.
        RAISES (ValueError): SD100 if a rate is not a number from 0 to 1, SD101 if
            the layout or the case is unknown, SD102 if the seed is not a whole number >= 0.
        """
        self.rates = {
            **{"typo": typo, "swap": swap, "drop": drop, "letters": letters, "case": case},
            **{"ocr": ocr, "stretch": stretch, "accents": accents, "digits": digits},
            **{"split": split, "join": join},
        }
        for setting, value in self.rates.items():
            self._check_rate(setting, value)
        self._check_choice("keyboard", keyboard, KEYBOARDS)
        self._check_choice("casing", casing, (None, *CASINGS))
        self.keyboard: Keyboard = keyboard
        self.casing = casing
        self._neighbours = find_key_neighbours(KEYBOARDS[keyboard])
        super().__init__(seed)

    @property
    def settings(self) -> dict[str, Any]:
        """The arguments that make such an augmenter."""
        return {**self.rates, "seed": self.seed, "keyboard": self.keyboard, "casing": self.casing}

    def _restart(self, place: int = 0) -> None:
        super()._restart(place)
        # Apart, so that typos, swaps and drops stay what they are whatever is added to them.
        self._noise = numpy.random.default_rng([self.seed, 1, place])

    def _check_choice(self, setting: str, value: Any, options: Any) -> None:
        """Raise SD101 unless a setting is one of its options."""
        if value not in options:
            details = {"setting": setting, "value": value, "opts": ", ".join(map(str, options))}
            raise ValueError(Errors.SD101.format(augmenter=self.name, **details))

    def _plan(self, doc: Doc) -> Plan:
        """Choose what to do to the tokens of a document."""
        draws = self._rng.random((6, len(doc)))
        source, spaces = self._place(doc, draws)
        words = [doc[i].text for i in source.tolist()]
        spellings = self._add_typos(words, draws[:, source])
        self._add_noise(words, spellings, is_tokenized=doc.has_unknown_spaces)
        if self.rates["case"] and self._noise.random() < self.rates["case"]:
            self._recase(words, spaces, spellings)
        if self.rates["join"] and not doc.has_unknown_spaces:
            self._join(spaces)
        spellings = {i: each for i, each in spellings.items() if each.text != words[i]}
        for i, spelling in spellings.items():
            words[i] = spelling.text
        return Plan(words, spaces, source, spellings)

    def _place(self, doc: Doc, draws: Array) -> tuple[Array, list[bool]]:
        """Choose which tokens are left, in which order, and where a space follows."""
        order = numpy.arange(len(doc))
        if not (self.rates["swap"] or self.rates["drop"]):
            return order, doc.to_array("SPACY").astype(bool).tolist()
        is_word = numpy.array([any(map(str.isalnum, token.text)) for token in doc], dtype=bool)
        movable = is_word & stands_free(doc) & ~is_annotated(doc)
        dropped = movable & (draws[2] < self.rates["drop"])
        if not (is_word & ~dropped).any():
            dropped[numpy.where(is_word, draws[2], -1).argmax()] = False
        swapped = choose_swaps(doc, movable & ~dropped, draws[1] < self.rates["swap"])
        order[swapped], order[swapped + 1] = swapped + 1, swapped
        return order[~dropped], choose_spaces(doc, ~dropped)

    def _add_typos(self, words: list[str], draws: Array) -> dict[int, Spelling]:
        """Misspell words, as a keyboard does it."""
        places = numpy.flatnonzero(draws[0] < self.rates["typo"]).tolist()
        return {
            i: misspell(keep(words[i]), self._neighbours, *draws[3:, i].tolist()) for i in places
        }

    def _add_noise(
        self, words: list[str], spellings: dict[int, Spelling], *, is_tokenized: bool
    ) -> None:
        """Do to words all else that has a rate above 0."""
        if self.rates["letters"]:
            self._mistype_letters(words, spellings)
        skipped = {"split"} if is_tokenized else set()
        names = [name for name in RESPELLINGS if self.rates[name] and name not in skipped]
        if names:
            draws, ways = self._noise.random((2, len(names), len(words)))
            happens = draws < numpy.array([[self.rates[name]] for name in names])
            places = (places.tolist() for places in numpy.nonzero(happens))
            for row, i, way in zip(*places, ways[happens].tolist(), strict=True):
                spelling = spellings.get(i) or keep(words[i])
                spellings[i] = RESPELLINGS[names[row]](spelling, way)

    def _mistype_letters(self, words: list[str], spellings: dict[int, Spelling]) -> None:
        """Mistype letters, from the end of a word to its beginning so that places stay."""
        lengths = numpy.asarray([len(word) for word in words])
        happens, kinds, keys = self._noise.random((3, int(lengths.sum())))
        hits = numpy.flatnonzero(happens < self.rates["letters"])[::-1]
        ends = numpy.cumsum(lengths)
        tokens = numpy.searchsorted(ends, hits, side="right")
        letters = hits - (ends - lengths)[tokens]
        columns = (tokens, letters, kinds[hits], keys[hits])
        for i, letter, kind, key in zip(*(column.tolist() for column in columns), strict=True):
            spelling = spellings.get(i) or keep(words[i])
            if letter < len(spelling.text) and spelling.text[letter].isalpha():
                spellings[i] = mistype_letter(spelling, letter, self._neighbours, kind, key)

    def _recase(self, words: list[str], spaces: list[bool], spellings: dict[int, Spelling]) -> None:
        """Put a document into another case."""
        casing = self.casing or CASINGS[self._noise.integers(len(CASINGS))]
        for i, begins in enumerate(find_beginnings(words, spaces)):
            spellings[i] = recase(spellings.get(i) or keep(words[i]), casing, begins=begins)

    def _join(self, spaces: list[bool]) -> None:
        """Run tokens together with the next: leave the space between them out."""
        happens = self._noise.random(len(spaces)) < self.rates["join"]
        for i in numpy.flatnonzero(happens).tolist():
            spaces[i] = False
