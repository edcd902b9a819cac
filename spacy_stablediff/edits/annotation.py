"""The annotation of a document, gold and other, carried over to an edited copy."""

import numpy
from spacy.tokens import Doc, Span, SpanGroup

from ..types import Array
from .plan import Plan

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

# What components may have annotated that an embedding after them looks up, besides sentences.
READ_ATTRS = ["TAG", "POS", "MORPH", "LEMMA", "DEP", "ENT_TYPE"]


def carry_attrs(clean: Doc, other: Doc, alignment: Array) -> None:
    """Give tokens what embeddings may look up of their counterparts' annotation, if there is any.

    clean (Doc): The document with the counterparts.
    other (Doc): The document of the tokens, which is modified.
    alignment (Ints1d): For each token the index of its counterpart, or -1 for one without.
    """
    attrs: list[int | str] = [attr for attr in READ_ATTRS if clean.has_annotation(attr)]
    if attrs and len(other):
        values: Array = clean.to_array(attrs).reshape(len(clean), len(attrs))
        carried: Array = numpy.where(alignment[:, None] >= 0, values[alignment], 0)
        other.from_array(attrs, carried)


def carry_sentences(clean: Doc, edited: Doc, alignment: Array) -> None:
    """Give an edited document the sentences of the clean one, if that has any.

    A token without a counterpart belongs to the sentence of the one before it, and one
    that went back to an earlier sentence to that in which it now stands.

    clean (Doc): The clean document.
    edited (Doc): The edited document, which is modified.
    alignment (Ints1d): For each edited token the index of its clean token, or -1.
    """
    if not len(edited) or not clean.has_annotation("SENT_START"):
        return
    sentences = numpy.cumsum(clean.to_array("SENT_START") == 1)
    numbers = numpy.where(alignment >= 0, sentences[alignment], 0)
    begins = numpy.diff(numpy.maximum.accumulate(numbers), prepend=-1) > 0
    starts: Array = numpy.where(begins, 1, -1)[:, None].astype("uint64")
    edited.from_array(["SENT_START"], starts)


def edit_reference(clean: Doc, plan: Plan) -> Doc:
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
        spans = [_copy_span(span, doc, place, plan) for span in group if len(span) > 0]
        doc.spans[key] = SpanGroup(doc, name=group.name, attrs=dict(group.attrs), spans=spans)
    return doc


def _copy_span(span: Span, doc: Doc, place: Array, plan: Plan) -> Span:
    """Copy a span, in another name without what it is known by."""
    start, end = int(place[span.start]), int(place[span.end - 1]) + 1
    if plan.renames and not plan.spellings.keys().isdisjoint(range(start, end)):
        return Span(doc, start, end, span.label)
    return Span(doc, start, end, span.label, kb_id=span.kb_id, span_id=span.id)


def _copy_token_attrs(clean: Doc, doc: Doc, plan: Plan) -> None:
    """Copy what goes with a token. The norm of a misspelt word is its own."""
    values: Array = clean.to_array(TOKEN_ATTRS)[plan.source]
    values[list(plan.spellings), TOKEN_ATTRS.index("NORM")] = 0
    if plan.renames:
        _rename(values, doc, plan)
    used = numpy.flatnonzero(values.any(axis=0))
    if len(used):
        doc.from_array([TOKEN_ATTRS[i] for i in used.tolist()], values[:, used])


def _rename(values: Array, doc: Doc, plan: Plan) -> None:
    """Give names lemmas of their own, and take from entities what the person is known by."""
    renamed = numpy.zeros(len(doc), dtype=bool)
    renamed[list(plan.spellings)] = True
    lemmas = values[:, TOKEN_ATTRS.index("LEMMA")]
    has_lemma = renamed & (lemmas > 0)
    lemmas[has_lemma] = doc.to_array("ORTH")[has_lemma]
    iob = values[:, TOKEN_ATTRS.index("ENT_IOB")]
    entities = numpy.where((iob == 1) | (iob == 3), numpy.cumsum(iob == 3), 0)
    of_others = numpy.isin(entities, entities[renamed & (entities > 0)])
    for attr in ("ENT_KB_ID", "ENT_ID"):
        values[of_others, TOKEN_ATTRS.index(attr)] = 0


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
