"""The text that an edited document was made from, which a document with errors keeps a record of."""

import numpy
from spacy.tokens import Doc

from ..types import Array

# The key of doc.user_data that holds the record: the ORTHs and NORMs of the tokens, as bytes, which
# every copy and serialization of the document keeps.
RECORD = "stablediff_original"

ATTRS: list[int | str] = ["ORTH", "NORM"]


def record_original(clean: Doc, edited: Doc) -> None:
    """Record with a document which text it was made from, for `restore` to find.

    clean (Doc): The document that was edited, maybe not for the first time.
    edited (Doc): The edited document, whose user_data is written to.
    """
    edited.user_data[RECORD] = read_original(clean).tobytes()


def read_original(doc: Doc) -> Array:
    """Read the tokens of the text that a document was made from: its own where it wasn't edited.

    doc (Doc): The document.
    RETURNS (Ints2d): The ORTH and the NORM of each token.
    """
    record = doc.user_data.get(RECORD)
    if record is None:
        return doc.to_array(ATTRS)
    return numpy.frombuffer(record, dtype="uint64").reshape(-1, len(ATTRS))


def is_edited(doc: Doc) -> bool:
    """Tell whether a document keeps a record of the text that it was made from.

    doc (Doc): The document.
    RETURNS (bool): Whether it does.
    """
    return RECORD in doc.user_data


def restore(doc: Doc) -> Doc:
    """Make the document anew that an edited one was made from, as far as words tell.

    doc (Doc): The document.
    RETURNS (Doc): The same where it wasn't edited, or where its vocab doesn't spell the words
        that were, for it comes from elsewhere.
    """
    if not is_edited(doc):
        return doc
    tokens, strings = read_original(doc), doc.vocab.strings
    orths = tokens[:, 0].tolist()
    if not all(orth in strings for orth in orths):
        return doc
    original = Doc(doc.vocab, words=[strings[orth] for orth in orths])
    original.from_array(["NORM"], tokens[:, 1:])
    return original
