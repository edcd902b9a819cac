"""Making the edited copy of an example, once it is planned."""

import numpy
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example

from ..types import Array
from .alignment import align_characters, record_alignment
from .annotation import edit_reference
from .plan import Plan


def copy_edited(nlp: Language, example: Example, plan: Plan) -> Example:
    """Make the edited copy of an example, with its gold annotation.

    The edited text is tokenized by the pipeline, so a typo may split a token or merge two;
    where the spaces are unknown (Doc.has_unknown_spaces) the tokens stay. The alignment with
    the clean document is recorded, if that has the text of the reference.

    nlp (Language): The pipeline, whose tokenizer is used.
    example (Example): The example, which is not modified.
    plan (Plan): What its reference becomes.
    RETURNS (Example): The copy.
    """
    clean = example.reference
    reference = edit_reference(clean, plan)
    predicted = _tokenize(nlp, plan, is_tokenized=clean.has_unknown_spaces)
    if _have_same_text(example.predicted, clean):
        characters = _find_common(example.predicted, clean, predicted, reference, plan)
        alignment = align_characters(*characters, len(predicted))
        merged = set(characters[0].tolist()).difference(alignment.tolist())
        record_alignment(example.predicted, predicted, alignment, sorted(merged))
    return Example(predicted, reference)


def _tokenize(nlp: Language, plan: Plan, *, is_tokenized: bool) -> Doc:
    """Make the unannotated document that a pipeline would see."""
    if is_tokenized:
        return Doc(nlp.vocab, words=plan.words, spaces=plan.spaces)
    return nlp.make_doc(plan.text)


def _have_same_text(a: Doc, b: Doc) -> bool:
    """Tell whether two documents have the same text: at once, where they have equal tokens."""
    in_a, in_b = (doc.to_array(["ORTH", "SPACY"]) for doc in (a, b))
    return numpy.array_equal(in_a, in_b) or a.text == b.text


def _find_common(
    clean: Doc, clean_reference: Doc, edited: Doc, edited_reference: Doc, plan: Plan
) -> tuple[Array, Array]:
    """Find the tokens that hold each character which comes from the clean text.

    RETURNS (Tuple[Ints1d, Ints1d]): For each character the index of its clean and of its
        edited token.
    """
    clean_starts = clean_reference.to_array("IDX").astype("int64")[plan.source]
    starts, lengths = edited_reference.to_array(["IDX", "LENGTH"]).astype("int64").T
    token = numpy.repeat(numpy.arange(len(lengths)), lengths)
    first = numpy.cumsum(lengths) - lengths
    offset = numpy.arange(len(token)) - numpy.repeat(first, lengths)
    origin = offset.copy()
    for i, spelling in plan.spellings.items():
        origin[first[i] : first[i] + lengths[i]] = spelling.origins
    stands = origin >= 0
    return (
        _token_at(clean, (clean_starts[token] + origin)[stands]),
        _token_at(edited, (starts[token] + offset)[stands]),
    )


def _token_at(doc: Doc, chars: Array) -> Array:
    """Index of the token that holds each of some characters."""
    return numpy.searchsorted(doc.to_array("IDX").astype("int64"), chars, side="right") - 1
