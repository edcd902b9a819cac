"""The augmenter that gives people other names."""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

import numpy
from spacy.tokens import Doc, Span

from ..errors import Errors
from .casing import match_case
from .people import FAMILY_NAMES, GIVEN_NAMES
from .plan import Plan
from .seeded import SeededAugmenter
from .spelling import Spelling, keep, replace

# What corpora call a person.
PERSONS = ("PER", "PERSON", "person")


class Names(SeededAugmenter):
    """An augmenter that gives people other names, registered as `spacy-stablediff.names.v1`.

    Yields one edited copy of each example, in which words of gold entities that are persons
    are replaced: given names by given names, family names by family names, as far as their
    place tells. The last word of several is a family name, there and wherever it stands alone
    in the document; others are given names. A word that comes up again gets the same name
    again. The number of words and their case stay. So do initials, numerals, titles with a
    full stop, words such as "van" in a name that has capitals, and words of a script that the
    names have none of. Documents without gold persons stay as they are.

    Gold annotation stays right: lemmas are those of the new names, which have no `kb_id` and no
    `id` of a person. The edited text is tokenized, the alignment is recorded, and
    the seed fixes the sequence of edits, as with `spacy-stablediff.edits.v1`.
    """

    name = "spacy-stablediff.names.v1"
    makes_errors = False

    def __init__(
        self,
        rate: float = 1.0,
        seed: int = 0,
        labels: list[str] = list(PERSONS),  # noqa: B006
        names: list[str] | None = None,
    ) -> None:
        """Create the augmenter.

        rate (float): How often the name of a person is replaced, from 0 to 1.
        seed (int): The seed >= 0 of the random choices.
        labels (List[str]): The labels of entities that are persons.
        names (Optional[List[str]]): Names to use in place of those of this package, such as
            "Ada Lovelace". The last word of several is a family name, others are given names.
            If there are no family names, given names take their place.
        RAISES (ValueError): SD100 if the rate is not a number from 0 to 1, SD102 if the seed
            is not a whole number >= 0, SD124 if the labels and SD125 if the names can't be
            used.
        """
        self._check_rate("rate", rate)
        super().__init__(seed)
        if not _are_texts(labels) or not labels:
            raise ValueError(Errors.SD124.format(augmenter=self.name, value=labels))
        if names is not None and not (_are_texts(names) and any(map(str.split, names))):
            raise ValueError(Errors.SD125.format(augmenter=self.name, value=names))
        self.rate = rate
        self.labels = list(labels)
        self.names = None if names is None else list(names)
        self._given, self._family = sort_names(names)

    @property
    def settings(self) -> dict[str, Any]:
        """The arguments that make such an augmenter."""
        return {
            **{"rate": self.rate, "seed": self.seed},
            **{"labels": self.labels, "names": self.names},
        }

    def _plan(self, doc: Doc) -> Plan:
        """Choose which persons of a document get another name, and which."""
        words = [token.text for token in doc]
        spaces = doc.to_array("SPACY").astype(bool).tolist()
        persons = [ent for ent in doc.ents if ent.label_ in self.labels]
        family = {words[i] for ent in persons for i in find_name(ent) if _ends_name(ent, i)}
        happens, ways = self._rng.random(len(persons)), self._rng.random(len(doc))
        spellings: dict[int, Spelling] = {}
        chosen: dict[str, str | None] = {}
        for ent, draw in zip(persons, happens.tolist(), strict=True):
            for i in find_name(ent) if draw < self.rate else ():
                word = doc[i].text
                pools = self._family if word in family else self._given
                name = chosen.setdefault(word, _choose(pools, word, ways[i]))
                if name is not None:
                    words[i] = name
                    spellings[i] = replace(keep(word), 0, len(word), name)
        return Plan(words, spaces, numpy.arange(len(doc)), spellings, renames=True)


def sort_names(names: Iterable[str] | None) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Sort names into given and family names, and by their script.

    names (Optional[Iterable[str]]): Names of one or several words; None for those of this
        package.
    RETURNS (Tuple[Dict[str, List[str]], Dict[str, List[str]]]): Given and family names, by
        script.
    """
    split = [name.split() for name in names or ()]
    given = GIVEN_NAMES if names is None else [n for each in split for n in each[:-1] or each]
    family = FAMILY_NAMES if names is None else [each[-1] for each in split if len(each) > 1]
    given_by_script, family_by_script = _group(given), _group(family)
    return given_by_script, given_by_script | family_by_script


def find_name(ent: Span) -> Iterator[int]:
    """Find the words of an entity that are names and can be replaced.

    ent (Span): A person.
    YIELDS (int): The index of each token in its document.
    """
    has_capitals = any(token.text[0].isupper() for token in ent)
    for token in ent:
        word = token.text
        is_initial = len(word) == 1 and word.lower() != word.upper()
        is_numeral = not word.strip("IVX")
        is_particle = has_capitals and word[0].islower()
        stays = is_initial or is_numeral or is_particle or word.endswith(".")
        if word[0].isalpha() and not stays:
            yield token.i


def _ends_name(ent: Span, i: int) -> bool:
    """Whether a token is the last word of several in a name: a family name."""
    return i > ent.start and not any(k > i for k in find_name(ent))


def _choose(pools: dict[str, list[str]], word: str, draw: float) -> str | None:
    """Choose another name of a word's script, in its case; None where there is none."""
    pool = [name for name in pools.get(_find_script(word), ()) if name.lower() != word.lower()]
    if not pool:
        return None
    name = pool[int(draw * len(pool))]
    return match_case(name.lower() if word.islower() else name, word)


def _group(names: Iterable[str]) -> dict[str, list[str]]:
    """Group words by their script."""
    groups = defaultdict(list)
    for name in names:
        groups[_find_script(name)].append(name)
    return dict(groups)


def _find_script(word: str) -> str:
    """The script of a word's first character, as Unicode's names of characters begin."""
    return unicodedata.name(word[0], "").partition(" ")[0]


def _are_texts(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(text, str) for text in value)
