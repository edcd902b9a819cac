"""The forms that words are made of, to be embedded as they would be in the place of those words."""

from typing import NamedTuple

import numpy
from spacy.tokens import Doc

from ..types import Array
from .counting import Words
from .known import UNKNOWN
from .mixing import Mixed
from .texts import Texts


def write_forms(texts: Texts, mixed: Mixed, words: Words) -> tuple[Doc, Array]:
    """Write the forms that tokens are made of into a document.

    Each has the NORM that it had in training, or where training never saw it the one that the token
    has, if it is the token's own form, and a space behind it where the token has one: features of an
    embedding that a form alone doesn't tell.

    texts (Texts): The texts of a batch.
    mixed (Mixed): The tokens, and their forms.
    words (Words): The words that were counted.
    RETURNS (Tuple[Doc, Ints1d]): The document, and for each entry of `mixed.sources` the place of
        its form there.
    """
    attrs = numpy.concatenate([doc.to_array(["SPACY", "NORM"]) for doc in texts.docs])
    owners = numpy.repeat(mixed.tokens, mixed.lengths)
    spaces, norms = attrs[owners].T
    is_new = numpy.asarray([form not in words.texts for form in mixed.ids.tolist()])
    is_own = texts.forms[owners] == mixed.ids[mixed.sources]
    given = numpy.where(is_own & is_new[mixed.sources], norms, UNKNOWN)
    kinds, places = _group(mixed.sources, spaces > 0, given)
    forms = [mixed.forms[form] for form in kinds.sources.tolist()]
    doc = Doc(texts.vocab, words=forms, spaces=kinds.spaces.tolist())
    _set_norms(doc, kinds.norms.tolist(), words.norms)
    return doc, places


class Kinds(NamedTuple):
    """What tells forms apart.

    sources (Ints1d): Which of the forms each is.
    spaces (Bools1d): Whether there is a space behind it.
    norms (Ints1d): The NORM that it has in the text; UNKNOWN where it has that of its form.
    """

    sources: Array
    spaces: Array
    norms: Array


def _group(*columns: Array) -> tuple[Kinds, Array]:
    """Find the kinds of forms, and which each is of."""
    keys = numpy.zeros(len(columns[0]), dtype="int64")
    for column in columns:
        values, numbers = numpy.unique(column, return_inverse=True)
        keys = keys * len(values) + numbers
    _, first, places = numpy.unique(keys, return_index=True, return_inverse=True)
    return Kinds(*(column[first] for column in columns)), places


def _set_norms(doc: Doc, given: list[int], counted: dict[int, int]) -> None:
    """Set the NORMs of tokens: those that are given, or those of their ORTHs that were counted."""
    forms, usual = doc.to_array(["ORTH", "NORM"]).T.tolist()
    every = zip(given, forms, usual, strict=True)
    chosen = [norm or counted.get(form, other) for norm, form, other in every]
    if chosen != usual:
        array: Array = numpy.asarray(chosen, dtype="uint64")
        doc.from_array(["NORM"], array[:, None])
