"""How the words of documents of several vocabs are spelt."""

from collections.abc import Sequence

from spacy.tokens import Doc


def share_strings(docs: Sequence[Doc]) -> None:
    """Have the vocab of the first document know how the tokens of those of other vocabs are spelt.

    docs (Sequence[Doc]): Documents, at least one.
    """
    vocab = docs[0].vocab
    for doc in docs:
        if doc.vocab is not vocab:
            for token in doc:
                vocab.strings.add(token.text)
