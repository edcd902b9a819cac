"""The forms that words are made of, to be embedded as they would be in the place of those words."""

from collections.abc import Sequence

import numpy
from spacy.tokens import Doc

from ..types import Array
from .counting import Words
from .known import UNKNOWN
from .mixing import Mixed
from .texts import Texts


def write_forms(
    texts: Texts, mixed: Mixed, words: Words, read: Sequence[str] = ()
) -> tuple[Doc, Array]:
    """Write the forms that tokens are made of into a document.

    Each has the NORM that it had in training, or where training never saw it the one that the token
    has, if it is the token's own form, and a space behind it and the annotation that the token has:
    features of an embedding that a form alone doesn't tell.

    texts (Texts): The texts of a batch.
    mixed (Mixed): The tokens, and their forms.
    words (Words): The words that were counted.
    read (Sequence[str]): What the embedding looks up of annotation, such as "TAG".
    RETURNS (Tuple[Doc, Ints1d]): The document, and for each entry of `mixed.sources` the place of
        its form there.
    """
    attrs = numpy.concatenate([doc.to_array(["SPACY", "NORM", *read]) for doc in texts.docs])
    owners = numpy.repeat(mixed.tokens, mixed.lengths)
    spaces, norms, *annotated = attrs[owners].T
    is_new = numpy.asarray([form not in words.texts for form in mixed.ids.tolist()])
    is_own = texts.forms[owners] == mixed.ids[mixed.sources]
    given = numpy.where(is_own & is_new[mixed.sources], norms, UNKNOWN)
    first, places = _group(mixed.sources, spaces > 0, given, *annotated)
    forms = [mixed.forms[form] for form in mixed.sources[first].tolist()]
    doc = Doc(texts.vocab, words=forms, spaces=(spaces[first] > 0).tolist())
    _set_norms(doc, given[first].tolist(), words.norms)
    if read:
        values: Array = numpy.stack(annotated, axis=1)[first]
        doc.from_array([*read], values)
    return doc, places


def _group(*columns: Array) -> tuple[Array, Array]:
    """Find the first form of each kind, and which kind each is of."""
    keys = numpy.zeros(len(columns[0]), dtype="int64")
    for column in columns:
        values, numbers = numpy.unique(column, return_inverse=True)
        keys = keys * len(values) + numbers
    _, first, places = numpy.unique(keys, return_index=True, return_inverse=True)
    return first, places


def _set_norms(doc: Doc, given: list[int], counted: dict[int, int]) -> None:
    """Set the NORMs of tokens: those that are given, or those of their ORTHs that were counted."""
    forms, usual = doc.to_array(["ORTH", "NORM"]).T.tolist()
    every = zip(given, forms, usual, strict=True)
    chosen = [norm or counted.get(form, other) for norm, form, other in every]
    if chosen != usual:
        array: Array = numpy.asarray(chosen, dtype="uint64")
        doc.from_array(["NORM"], array[:, None])
