"""The forms that words are made of, to be embedded as they would be in the place of those words."""

import numpy
from spacy.tokens import Doc

from ..types import Array
from .counting import Words
from .mixing import Mixed
from .texts import Texts


def write_forms(texts: Texts, mixed: Mixed, words: Words) -> tuple[Doc, Array]:
    """Write the forms that tokens are made of into a document.

    Each has the NORM that it had in training, or where training never saw it the one that it has
    in the texts, and a space behind it where the token has one: features of an embedding that a
    form alone doesn't tell.

    texts (Texts): The texts of a batch.
    mixed (Mixed): The tokens, and their forms.
    words (Words): The words that were counted.
    RETURNS (Tuple[Doc, Ints1d]): The document, and for each entry of `mixed.sources` the place of
        its form there.
    """
    attrs = numpy.concatenate([doc.to_array(["SPACY", "NORM"]) for doc in texts.docs])
    spaces, norms = attrs[mixed.tokens].T
    pairs = 2 * mixed.sources + numpy.repeat(spaces > 0, mixed.lengths)
    kinds, places = numpy.unique(pairs, return_inverse=True)
    forms, has_space = numpy.divmod(kinds, 2)
    doc = Doc(
        texts.vocab,
        words=[mixed.forms[form] for form in forms.tolist()],
        spaces=(has_space > 0).tolist(),
    )
    own = zip(texts.forms[mixed.tokens].tolist(), norms.tolist(), strict=True)
    _set_norms(doc, {form: norm for form, norm in own if form not in words.texts} | words.norms)
    return doc, places


def _set_norms(doc: Doc, norms: dict[int, int]) -> None:
    """Set the NORMs of tokens, by their ORTHs; others keep theirs."""
    forms, usual = doc.to_array(["ORTH", "NORM"]).T.tolist()
    chosen = [norms.get(form, norm) for form, norm in zip(forms, usual, strict=True)]
    if chosen != usual:
        array: Array = numpy.asarray(chosen, dtype="uint64")
        doc.from_array(["NORM"], array[:, None])
