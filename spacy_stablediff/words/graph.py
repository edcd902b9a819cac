"""The graph of words: what a form of a word is diffused from, and with what weights.

Nodes are forms. One that training never saw, with the embedding x, is joined to seen forms v
that are spelt nearly alike, at a Damerau distance d, or differ in case only. The weights are
a_v = n_v exp(-b d), n_v how often training saw v. The seen forms are boundary values: they stay
as they are. One backward Euler step of diffusion, (C + tL) Y = C X, has then the closed form

    y = (c x + t sum_v a_v x_v) / (c + t sum_v a_v)

with the confidence c in the form at hand. (Vectors diffused over a graph of words: Faruqui et
al., Retrofitting word vectors to semantic lexicons, NAACL 2015; Speer, Chin and Havasi,
ConceptNet 5.5, AAAI 2017.)
"""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from heapq import nlargest
from typing import NamedTuple
from unicodedata import category

from spacy.strings import get_string_id

from .casing import CaseOdds
from .counting import Words, find_case
from .ids import sort
from .neighbours import MAX_LENGTH, MIN_LENGTH, SHORT, SpellingIndex

# The confidence in a form that training never saw, as a number of times that it was seen.
CONFIDENCE = 2.0

# By what factor, as a logarithm, that confidence falls with each letter more than 6: the longer
# a form is, the less likely does it come near another by chance.
LENGTH = 0.5

# What an error costs, b: the logarithm of the odds against it.
ERROR = 1.0

# What it costs, likewise, that a neighbour has another case than the form at hand.
CASE = 4.0

# Fewer capitals than these are an acronym, near to too many others.
ACRONYM = 4

# From how many forms one is diffused at most, and what share of the weights is too small to count.
MOST = 5
LEAST = 0.01

# Of how many forms the links are kept at most: texts may go on with new ones for ever.
KEPT = 50_000

# The weights of forms, by their texts.
Weights = Mapping[str, float]

# Tells whether a form is known that was not counted.
Knows = Callable[[str], bool]

# A word in small letters, and how many errors it is apart from another.
Neighbour = tuple[str, int]


class Links(NamedTuple):
    """What a form is diffused from.

    forms (Tuple[str, ...]): Texts of forms; that of the form itself where its own embedding
        counts. None if the form stays as it is.
    weights (Tuple[float, ...]): Their weights, above 0.
    """

    forms: tuple[str, ...]
    weights: tuple[float, ...]


class Asked(NamedTuple):
    """A form that is looked up.

    form (str): Its text.
    has_case (bool): Whether its case tells something.
    known (Tuple[str, ...]): Where it doesn't, those of its spellings with a capital and
        without that are known, though they weren't counted.
    """

    form: str
    has_case: bool
    known: tuple[str, ...]


class WordGraph:
    """The graph of the words that an embedding was trained on.

    paired (Ints1d): The ORTHs of the words of which the user says what is meant, in ascending
        order.
    """

    def __init__(
        self,
        words: Words,
        *,
        time: float = 1.0,
        distance: int = 2,
        keep: Iterable[str] = (),
        pairs: Mapping[str, str] | None = None,
    ) -> None:
        """Make the graph.

        words (Words): The words that were counted.
        time (float): The time t > 0 of the diffusion.
        distance (int): How many errors neighbours are apart at most: 1 or 2.
        keep (Iterable[str]): Words that are left alone, in whatever case.
        pairs (Optional[Mapping[str, str]]): Words, in whatever case, with what is meant.
        """
        self.time = time
        self.odds = CaseOdds(words)
        self._forms: dict[str, dict[str, int]] = defaultdict(dict)
        for form, count in words.tallies["forms"].counts.items():
            text = words.texts[form]
            self._forms[text.lower()][text] = count
        self._keep = {word.lower() for word in keep}
        self._pairs = {word.lower(): meant for word, meant in (pairs or {}).items()}
        cases = (str.lower, str.capitalize, str.upper)
        self.paired = sort(get_string_id(case(word)) for word in self._pairs for case in cases)
        self._index = SpellingIndex([word for word in self._forms if is_word(word)], distance)
        self._links: dict[tuple[str, bool], Links]
        self.forget()

    def link(
        self, forms: Sequence[str], *, has_case: bool, knows: Knows | None = None
    ) -> list[Links]:
        """Find what forms are diffused from.

        forms (Sequence[str]): Texts of forms, each once. Of those in texts that have case
            none that was seen, but for paired ones.
        has_case (bool): Whether they come from texts that have case, so that theirs tells
            something.
        knows (Optional[Callable[[str], bool]]): Tells of a form that was not counted whether it is
            known nevertheless, by its static vector or from an earlier training.
        RETURNS (List[Links]): For each form its links.
        """
        # Another thread may forget them meanwhile, and this one goes on with what it has.
        if len(self._links) > KEPT:
            self.forget()
        links = self._links
        new = [
            Asked(form, has_case, _list_known(form, has_case, knows))
            for form in forms
            if (form, has_case) not in links
        ]
        for asked, neighbours in zip(new, self._find_neighbours(new), strict=True):
            links[asked.form, has_case] = self._choose(asked, neighbours)
        return [links[form, has_case] for form in forms]

    def forget(self) -> None:
        """Forget the links that were found so far."""
        self._links = {}

    def _find_neighbours(self, asked: list[Asked]) -> list[list[Neighbour]]:
        """Find for each new form the words that are spelt nearly alike."""
        words = [each.form.lower() for each in asked]
        places = [
            place
            for place, (word, each) in enumerate(zip(words, asked, strict=True))
            if not each.known and is_word(word) and self._is_new(word)
        ]
        found = self._index.find([words[place] for place in places])
        neighbours: list[list[Neighbour]] = [[] for _ in asked]
        for row, column, distance in zip(*(each.tolist() for each in found), strict=True):
            neighbours[places[row]].append((self._index.words[column], distance))
        return neighbours

    def _is_new(self, word: str) -> bool:
        """Whether neither training nor the user knows a word in small letters."""
        return not (word in self._forms or word in self._keep or word in self._pairs)

    def _choose(self, asked: Asked, neighbours: list[Neighbour]) -> Links:
        """Choose the most weighty of the forms that a form could be diffused from."""
        weights = self._weigh(asked, neighbours)
        least = LEAST * sum(weights.values())
        best = nlargest(MOST, weights, key=lambda text: weights[text])
        best = [text for text in best if weights[text] >= least]
        if best in ([], [asked.form]):
            return Links((), ())
        return Links(tuple(best), tuple(weights[text] for text in best))

    def _weigh(self, asked: Asked, neighbours: list[Neighbour]) -> Weights:
        """Weigh the forms that a form could be diffused from: none if it is left alone."""
        form, has_case, _ = asked
        word = form.lower()
        if word in self._keep:
            return {}
        if word in self._pairs:
            meant = self._pairs[word]
            return self._forms.get(meant.lower()) or {meant: 1.0}
        if has_case and form.isupper() and len(form) < ACRONYM:
            return {}
        if word in self._forms and not has_case:
            return self._forms[word]
        weights = self._weigh_own(asked)
        # Capitals get lost in typing, and shouting adds them. One at the front alone is meant.
        is_meant = has_case and (form.istitle() or word not in self._forms)
        for other, distance in [(word, 0)] if word in self._forms else neighbours:
            for text, count in self._forms[other].items():
                differs = is_meant and find_case(text) != find_case(form)
                cost = ERROR * distance + CASE * differs
                weights[text] = weights.get(text, 0.0) + self.time * count * math.exp(-cost)
        return weights

    def _weigh_own(self, asked: Asked) -> dict[str, float]:
        """Weigh what a new form could be itself: of unknown case, small or capitalized."""
        form, has_case, known = asked
        confidence = CONFIDENCE * math.exp(LENGTH * (SHORT - min(len(form), MAX_LENGTH)))
        if has_case:
            return {form: confidence}
        capital, small = _list_cases(form)
        share = self.odds.new_capitals
        if capital == small or not share or not form.isalpha():
            return {small: confidence}
        shares = {capital: share, small: 1 - share}
        return {text: confidence * shares[text] for text in known or shares}


def _list_known(form: str, has_case: bool, knows: Knows | None) -> tuple[str, ...]:
    """List what is known of how a form may be spelt where its own case tells nothing."""
    return () if has_case or knows is None else tuple(filter(knows, _list_cases(form)))


def _list_cases(form: str) -> tuple[str, str]:
    """List how a form is spelt with a capital at the front, and in small letters."""
    return form.capitalize(), form.lower()


def is_word(text: str) -> bool:
    """Tell whether a text is one of 3 to 50 small letters, which may have marks on them.

    text (str): The text.
    RETURNS (bool): Whether it may be misspelt, or be what a misspelt word means.
    """
    fits = MIN_LENGTH <= len(text) <= MAX_LENGTH and text == text.lower()
    return fits and (text.isalpha() or all(category(letter)[0] in "LM" for letter in text))
