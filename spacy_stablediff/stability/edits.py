"""Small edits such as careless writing makes: typos, swapped words, dropped words."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeAlias

import numpy
from spacy.language import Language
from spacy.tokens import Doc, Span, SpanGroup
from spacy.training import Example

from ..errors import Errors
from .alignment import align_characters, record_alignment

Array: TypeAlias = Any  # of numpy; docstrings give the dimensions
Augmenter: TypeAlias = Callable[[Language, Example], Iterator[Example]]

NAME = "spacy-stablediff.edits.v1"

# The rows of letters of each layout, and how far each row is shifted to the right,
# in keys.
KEYBOARDS = {
    "qwerty": ("qwertyuiop", "asdfghjkl", "zxcvbnm"),
    "qwertz": ("qwertzuiopü", "asdfghjklöä", "yxcvbnm"),
    "azerty": ("azertyuiop", "qsdfghjklm", "wxcvbn"),
}
ROW_SHIFTS = (0.0, 0.25, 0.75)

# What a token carries besides its text, in the order in which spaCy wants it set.
TOKEN_ATTRS: list[int | str] = [
    "TAG",
    "POS",
    "MORPH",
    "LEMMA",
    "NORM",
    "ENT_IOB",
    "ENT_TYPE",
    "ENT_KB_ID",
    "ENT_ID",
]


class Typo(NamedTuple):
    """A misspelt word.

    text (str): The word as it was typed.
    start (int): The first character that stands elsewhere than in the right word.
    shift (int): How much further it stands: -1, 0 or 1.
    """

    text: str
    start: int
    shift: int


class Plan(NamedTuple):
    """The tokens of an edited document.

    words (List[str]): Their texts.
    spaces (List[bool]): Whether a space follows each.
    source (Ints1d): For each the index of the clean token.
    typos (Dict[int, Typo]): The misspelt ones, by their index.
    """

    words: list[str]
    spaces: list[bool]
    source: Array
    typos: dict[int, Typo]


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
        keyboard: str = "qwerty",
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
            is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
            if not is_number or not 0 <= value <= 1:
                raise ValueError(Errors.SD100.format(augmenter=NAME, setting=setting, value=value))
        if keyboard not in KEYBOARDS:
            options = ", ".join(KEYBOARDS)
            raise ValueError(Errors.SD101.format(augmenter=NAME, value=keyboard, opts=options))
        if not isinstance(seed, int) or isinstance(seed, bool) or seed < 0:
            raise ValueError(Errors.SD102.format(augmenter=NAME, value=seed))
        self.typo = typo
        self.swap = swap
        self.drop = drop
        self.seed = seed
        self.keyboard = keyboard
        self._neighbours = _key_neighbours(KEYBOARDS[keyboard])
        self._rng = numpy.random.default_rng(seed)

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
        reference = _edit_reference(clean, plan)
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
        movable = is_word & _stands_free(doc) & ~_is_annotated(doc)
        dropped = movable & (draws[2] < self.drop)
        if not (is_word & ~dropped).any():
            dropped[numpy.where(is_word, draws[2], -1).argmax()] = False
        swapped = _choose_swaps(doc, words, movable & ~dropped, draws[1] < self.swap)
        order = numpy.arange(len(doc))
        order[swapped], order[swapped + 1] = swapped + 1, swapped
        source = order[~dropped]
        words = [words[i] for i in source.tolist()]
        typos = {}
        for i in numpy.flatnonzero(draws[0][source] < self.typo).tolist():
            typo = _misspell(words[i], self._neighbours, *draws[3:, source[i]].tolist())
            if typo is not None:
                typos[i] = typo
                words[i] = typo.text
        return Plan(words, _choose_spaces(doc, ~dropped), source, typos)


def _key_neighbours(rows: tuple[str, ...]) -> dict[str, str]:
    """Each letter of a keyboard with the letters of the keys that touch its key."""
    places = {
        letter: (x + shift, y)
        for y, (row, shift) in enumerate(zip(rows, ROW_SHIFTS, strict=True))
        for x, letter in enumerate(row)
    }
    return {
        letter: "".join(
            other
            for other, (x1, y1) in places.items()
            if other != letter and abs(x1 - x) <= 1 and abs(y1 - y) <= 1
        )
        for letter, (x, y) in places.items()
    }


def _misspell(
    word: str, neighbours: dict[str, str], kind: float, place: float, key: float
) -> Typo | None:
    """Misspell a word in one of the ways that its letters allow, or return None.

    word (str): The word.
    neighbours (Dict[str, str]): The letters of the keys around each letter's key.
    kind (float): Chooses the kind of typo, from 0 up to 1.
    place (float): Chooses the letter.
    key (float): Chooses the key hit instead.
    RETURNS (Optional[Typo]): The typo.
    """
    letters = [i for i, char in enumerate(word) if char.isalpha()]
    kinds = [
        (_exchange, [i for i in letters if word[i + 1 : i + 2].isalpha() and _differ(word, i)]),
        (_double, letters),
        (_leave_out, letters if len(letters) > 1 else []),
        (_hit_neighbour, [i for i in letters if word[i].lower() in neighbours]),
    ]
    possible = [(typo, places) for typo, places in kinds if places]
    if not possible:
        return None
    typo, places = _pick(possible, kind)
    return typo(word, _pick(places, place), neighbours, key)


def _exchange(word: str, i: int, neighbours: dict[str, str], key: float) -> Typo:
    exchanged = _with_case(word[i + 1], word[i]) + _with_case(word[i], word[i + 1])
    return Typo(word[:i] + exchanged + word[i + 2 :], i, 0)


def _double(word: str, i: int, neighbours: dict[str, str], key: float) -> Typo:
    return Typo(word[: i + 1] + word[i:], i + 1, 1)


def _leave_out(word: str, i: int, neighbours: dict[str, str], key: float) -> Typo:
    return Typo(word[:i] + word[i + 1 :], i, -1)


def _hit_neighbour(word: str, i: int, neighbours: dict[str, str], key: float) -> Typo:
    hit = _with_case(_pick(neighbours[word[i].lower()], key), word[i])
    return Typo(word[:i] + hit + word[i + 1 :], i, 0)


def _differ(word: str, i: int) -> bool:
    return word[i].casefold() != word[i + 1].casefold()


def _with_case(letter: str, other: str) -> str:
    """Return a letter in the case of another one, as far as it is a single letter there."""
    cased = letter.upper() if other.isupper() else letter.lower()
    return cased if len(cased) == 1 else letter


def _pick(options: Any, draw: float) -> Any:
    """Choose one of several options by a number from 0 up to 1."""
    return options[int(draw * len(options))]


def _is_annotated(doc: Doc) -> Array:
    """Find the tokens of entities and spans: booleans, one for each token."""
    annotated = numpy.isin(doc.to_array("ENT_IOB"), (1, 3))
    for group in doc.spans.values():
        for span in group:
            annotated[span.start : span.end] = True
    return annotated


def _stands_free(doc: Doc) -> Array:
    """Find the tokens that can go without their neighbours: booleans.

    On each side of them is whitespace or the edge of the document, maybe behind
    punctuation. Where words are written without spaces every token stands free.
    """
    if not doc.vocab.writing_system.get("has_letters", True):
        return numpy.ones(len(doc), dtype=bool)
    flags = doc.to_array(["SPACY", "IS_SPACE", "IS_PUNCT"]).astype(bool)
    space, is_space, is_punct = flags.T
    gap = space[:-1] | is_space[:-1] | is_space[1:]
    before = _reaches_gap(gap[::-1], is_punct[::-1])[::-1]
    return before & _reaches_gap(gap, is_punct)


def _reaches_gap(gap: Array, is_punct: Array) -> Array:
    """Find the tokens behind which there is a gap, or punctuation and then a gap.

    gap (Array): Booleans: whether one lies behind each token but the last.
    is_punct (Array): Booleans: whether each token is punctuation.
    RETURNS (Array): Booleans, one for each token. The last one has a gap behind it.
    """
    n = len(is_punct)
    others = numpy.where(is_punct, n, numpy.arange(n))
    next_other = numpy.append(numpy.minimum.accumulate(others[::-1])[::-1], n)[1:]
    gaps_before = numpy.cumsum(numpy.concatenate([[False], gap, [True]]))
    return gaps_before[next_other] > gaps_before[:-1]


def _choose_swaps(doc: Doc, words: list[str], movable: Array, drawn: Array) -> Array:
    """Choose the words that change places with the next one: their indices."""
    space, sentence = doc.to_array(["SPACY", "SENT_START"]).astype("int64").T
    allowed = movable[:-1] & movable[1:]
    if doc.vocab.writing_system.get("has_letters", True):
        allowed &= space[:-1] == 1
    if doc.has_annotation("SENT_START"):
        allowed &= sentence[1:] == -1
    _, texts = numpy.unique(words, return_inverse=True)
    allowed &= texts[:-1] != texts[1:]
    return _every_other(numpy.flatnonzero(allowed & drawn[:-1]))


def _every_other(indices: Array) -> Array:
    """Keep the first, third, fifth ... of each run of consecutive numbers."""
    n = numpy.arange(len(indices))
    starts = numpy.flatnonzero(numpy.diff(indices, prepend=-2) != 1)
    run = numpy.searchsorted(starts, n, side="right") - 1
    return indices[(n - starts[run]) % 2 == 0] if len(indices) else indices


def _choose_spaces(doc: Doc, kept: Array) -> list[bool]:
    """Choose after which of the tokens that are left a space follows.

    Where tokens were dropped it does if one stood in each of the gaps.
    """
    places = numpy.flatnonzero(kept)
    space = doc.to_array("SPACY").astype(bool)[places[0] :]
    return numpy.logical_and.reduceat(space, places - places[0]).tolist()


def _edit_reference(clean: Doc, plan: Plan) -> Doc:
    """Edit a document with gold annotation, and its annotation with it."""
    source = plan.source
    doc = Doc(clean.vocab, words=plan.words, spaces=plan.spaces)
    doc.has_unknown_spaces = clean.has_unknown_spaces
    doc.cats = dict(clean.cats)
    place = numpy.full(len(clean), -1)
    place[source] = numpy.arange(len(source))
    _copy_token_attrs(clean, doc, plan)
    _copy_heads(clean, doc, source, place)
    _copy_sentences(clean, doc, source)
    for key, group in clean.spans.items():
        spans = [
            Span(doc, place[s.start], place[s.end - 1] + 1, s.label, kb_id=s.kb_id, span_id=s.id)
            for s in group
            if len(s) > 0
        ]
        doc.spans[key] = SpanGroup(doc, name=group.name, attrs=dict(group.attrs), spans=spans)
    return doc


def _copy_token_attrs(clean: Doc, doc: Doc, plan: Plan) -> None:
    """Copy what goes with a token. The norm of a misspelt word is its own."""
    values: Array = clean.to_array(TOKEN_ATTRS)[plan.source]
    values[list(plan.typos), TOKEN_ATTRS.index("NORM")] = 0
    used = numpy.flatnonzero(values.any(axis=0))
    if len(used):
        doc.from_array([TOKEN_ATTRS[i] for i in used.tolist()], values[:, used])


def _copy_heads(clean: Doc, doc: Doc, source: Array, place: Array) -> None:
    """Copy the dependency parse; a token whose head was dropped has a missing head."""
    if not clean.has_annotation("DEP"):
        return
    heads, deps = clean.to_array(["HEAD", "DEP"])[source].T
    heads = place[source + heads.astype("int64")]
    missing = heads < 0
    heads = numpy.where(missing, 0, heads - numpy.arange(len(source)))
    deps = numpy.where(missing, 0, deps)
    values: Array = numpy.stack([heads.astype("uint64"), deps], axis=1)
    doc.from_array(["HEAD", "DEP"], values)


def _copy_sentences(clean: Doc, doc: Doc, source: Array) -> None:
    """Copy the sentence boundaries: the first token that is left of each begins it.

    Set after the heads, from which spaCy derives other boundaries where some are
    missing.
    """
    if not clean.has_annotation("SENT_START"):
        return
    starts = clean.to_array("SENT_START").astype("int64")
    sentence = numpy.cumsum(starts == 1)[source]
    begins = numpy.diff(sentence, prepend=-1) != 0
    values: Array = numpy.where(begins, 1, -abs(starts[source])).astype("uint64")
    doc.from_array(["SENT_START"], values)


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
