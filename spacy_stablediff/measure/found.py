"""What a pipeline finds in a document and what is right, as spaCy's scorer compares them.

What is found is named by its place in the gold document. What lies where nobody said what is
right is neither right nor wrong, and isn't listed.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

from spacy.training import Example

# A label, and where it is: a token, or the first token and the one behind the last.
Item: TypeAlias = tuple[Any, ...]


class Found(NamedTuple):
    """What was found in a document, and what is right.

    found (List[Item]): What was found. Of entities found at one place one is right at most, and
        the others count as well.
    right (Set[Item]): What is right.
    """

    found: list[Item]
    right: set[Item]


Find: TypeAlias = Callable[[Example], Found | None]


def find_entities(example: Example) -> Found | None:
    """List entities, None where no token says whether it is one."""
    gold = example.reference
    if not gold.has_annotation("ENT_IOB"):
        return None
    right: set[Item] = {(ent.label_, ent.start, ent.end) for ent in gold.ents}
    found: list[Item] = []
    if predicted := example.predicted.ents:
        aligned, is_known = example.alignment.x2y, gold.to_array("ENT_IOB") != 0
        for ent in predicted:
            places = aligned[ent.start : ent.end]
            if len(places) and is_known[places[0] : places[-1] + 1].all():
                found.append((ent.label_, int(places[0]), int(places[-1]) + 1))
    return Found(found, right)


def find_spans(example: Example, key: str) -> Found | None:
    """List the spans of a key, None where the gold document has none such."""
    gold, predicted = example.reference.spans, example.predicted.spans
    if key not in gold:
        return None
    aligned = example.get_aligned_spans_x2y(list(predicted.get(key, [])), allow_overlap=True)
    found, right = (
        {(it.label_, it.start, it.end) for it in spans} for spans in (aligned, gold[key])
    )
    return Found(list(found), right)


def find_tags(example: Example) -> Found | None:
    """List the tags of tokens, None where the gold document has none."""
    tags = [token.tag_ for token in example.reference]
    if not any(tags):
        return None
    aligned = example.alignment.x2y
    found: set[Item] = set()
    for token, count in zip(example.predicted, aligned.lengths, strict=True):
        if count == 1 and not token.is_space and tags[place := int(aligned[token.i][0])]:
            found.add((token.tag_, place))
    return Found(list(found), {(tag, place) for place, tag in enumerate(tags) if tag})
