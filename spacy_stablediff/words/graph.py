"""The graph of words: what a form of a word is diffused from, and with what weights.

Nodes are forms. One that training never saw, with the embedding x, is joined to seen forms v
that are spelt nearly alike, or differ in case only. The weights are a_v = n_v exp(-b), n_v how
often training saw v, b what the error costs. The seen forms are boundary values: they stay as they
are. One backward Euler step of diffusion, (C + tL) Y = C X, has then the closed form

    y = (c x + t sum_v a_v x_v) / (c + t sum_v a_v)

with the confidence c in the form at hand: how often texts have a new word of such letters. (Vectors
diffused over a graph of words: Faruqui et al., Retrofitting word vectors to semantic lexicons,
NAACL 2015; Speer, Chin and Havasi, ConceptNet 5.5, AAAI 2017.)
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from typing import NamedTuple

import numpy
from spacy.strings import get_string_id
from spacy.vocab import Vocab

from .candidates import MOST, OTHER_CASE, Candidates, Weights
from .casing import CaseOdds
from .counting import Words, find_case
from .ids import sort
from .letters import LetterModel
from .neighbours import MAX_LENGTH, fold, is_word
from .nodes import list_nodes

# To what power the probability of a new form is raised. Letters of a word depend on more than the
# two before them, so that their probabilities tell less than they seem to.
POWER = 0.45

# By what the confidence is multiplied that a new word is a name. Most names are new, and one that is
# read as another word is lost, which costs more than an error that is not mended.
NAME = 5.0

# The confidence in a form of a word that was seen in another case.
CASE_CONFIDENCE = 2.0

# Fewer capitals than these are an acronym, near to too many others.
ACRONYM = 4

# Tells which forms are known, of some that were not counted.
Knows = Callable[[Sequence[str]], Iterable[str]]


class Links(NamedTuple):
    """What a form is diffused from.

    forms (Tuple[str, ...]): Texts of forms; that of the form itself where its own embedding
        counts. None if the form stays as it is.
    weights (Tuple[float, ...]): Their weights, above 0.
    errors (int): How many of them, from the last on, it takes a misspelling to come from.
    """

    forms: tuple[str, ...]
    weights: tuple[float, ...]
    errors: int = 0

    @property
    def odds(self) -> float:
        """The odds that the form is misspelt, in a text of the usual noise."""
        if not self.errors:
            return 0.0
        return sum(self.weights[-self.errors :]) / sum(self.weights[: -self.errors])


# What a form is diffused from that stays as it is.
AS_IT_IS = Links((), ())


class Asked(NamedTuple):
    """A form that is looked up.

    form (str): Its text.
    word (str): The same, folded.
    has_case (bool): Whether its case tells something.
    known (Tuple[str, ...]): What of it is known though it was not counted: itself, or, where its
        case tells nothing, its spellings with a capital and without.
    """

    form: str
    word: str
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
        vocab: Vocab,
        *,
        has_vectors: bool = False,
        time: float = 1.0,
        distance: int = 2,
        keep: Iterable[str] = (),
        pairs: Mapping[str, str] | None = None,
    ) -> None:
        """Make the graph.

        words (Words): The words that were counted.
        vocab (Vocab): Where the words of an earlier training are spelt, and those that have a
            static vector.
        has_vectors (bool): Whether words that have a static vector are nodes.
        time (float): The time t > 0 of the diffusion.
        distance (int): How many errors neighbours are apart at most: 1 or 2.
        keep (Iterable[str]): Words that are left alone, in whatever case.
        pairs (Optional[Mapping[str, str]]): Words, in whatever case, with what is meant.
        """
        self.time = time
        self.odds = CaseOdds(words)
        nodes = list_nodes(words, vocab, has_vectors=has_vectors)
        self._forms, self._nodes, self._new = nodes
        pairs = pairs or {}
        self._keep = {fold(word) for word in keep}
        self._pairs = {fold(word): meant for word, meant in pairs.items()}
        self.paired = sort(
            get_string_id(form)
            for word in pairs
            for form in (*_list_cases(word), word.upper(), *self._nodes.get(fold(word), ()))
        )
        self._candidates = Candidates(self._nodes, time=time, distance=distance)
        self._letters = LetterModel(self._candidates.words)

    def link(
        self, forms: Sequence[str], *, has_case: bool, knows: Knows | None = None
    ) -> list[Links]:
        """Find what forms are diffused from.

        forms (Sequence[str]): Texts of forms, each once. Of those in texts that have case
            none that was seen, but for paired ones.
        has_case (bool): Whether they come from texts that have case, so that theirs tells
            something.
        knows (Optional[Callable[[Sequence[str]], Iterable[str]]]): Tells of forms that were not
            counted which are known nevertheless, by their static vectors or from an earlier
            training. In texts that have case those are left alone.
        RETURNS (List[Links]): For each form its links.
        """
        spellings = [(form,) if has_case else _list_cases(form) for form in forms]
        known = set(knows(list(chain.from_iterable(spellings)))) if knows else set[str]()
        asked = [
            Asked(form, fold(form), has_case, tuple(filter(known.__contains__, spelt)))
            for form, spelt in zip(forms, spellings, strict=True)
        ]
        candidates = self._find_candidates(asked, has_case)
        found = zip(asked, candidates, self._trust(asked, candidates), strict=True)
        return [self._choose(*each) for each in found]

    def _find_candidates(self, asked: list[Asked], has_case: bool) -> list[Weights]:
        """Find for each new form what it could be by an error, the weightiest first."""
        places = [
            place
            for place, each in enumerate(asked)
            if not each.known and is_word(each.word) and self._is_new(each.word)
        ]
        new = [asked[place].form for place in places]
        found = self._candidates.find(new, has_case=has_case)
        candidates: list[Weights] = [{} for _ in asked]
        for place, each in zip(places, found, strict=True):
            candidates[place] = each
        return candidates

    def _is_new(self, word: str) -> bool:
        """Whether neither training nor the user knows a folded word."""
        return not (word in self._nodes or word in self._keep or word in self._pairs)

    def _trust(self, asked: list[Asked], candidates: list[Weights]) -> list[float]:
        """Compute the confidence in each new form: how often a new word would be spelt so.

        Where there is nothing else that the form could be, it makes no difference.
        """
        new = [
            each.word
            for each, others in zip(asked, candidates, strict=True)
            if each.word not in self._forms and (others or not each.has_case)
        ]
        scores = self._letters.score([word[:MAX_LENGTH] for word in new])
        trust = numpy.exp(POWER * (math.log(self._new + 1) + scores)).tolist()
        confidences = dict(zip(new, trust, strict=True))
        return [confidences.get(each.word, CASE_CONFIDENCE) for each in asked]

    def _choose(self, asked: Asked, candidates: Weights, confidence: float) -> Links:
        """Choose what a form is diffused from: what it could be with an error and without."""
        own = self._weigh_own(asked, confidence)
        if own is None:
            return AS_IT_IS
        is_misspelt = asked.word not in self._forms
        others = candidates if is_misspelt else self._weigh_cases(asked)
        if not others and list(own) == [asked.form]:
            return AS_IT_IS
        weights = own | others
        return Links(tuple(weights), tuple(weights.values()), len(others) if is_misspelt else 0)

    def _weigh_own(self, asked: Asked, confidence: float) -> dict[str, float] | None:
        """Weigh what a form could be without an error; None if it is left alone."""
        form, word, has_case, known = asked
        if word in self._keep:
            return None
        if word in self._pairs:
            return self._weigh_meant(self._pairs[word])
        if has_case and (known or (form.isupper() and len(form) < ACRONYM)):
            return None
        if has_case:
            is_name = form[0].isupper() and word not in self._forms
            return {form: confidence * (NAME if is_name else 1.0)}
        if word in self._forms:
            return {**self._forms[word]}
        capital, small = _list_cases(form)
        share = self.odds.new_capitals
        if capital == small or not share or not form.isalpha():
            return {small: confidence}
        shares = {capital: share, small: 1 - share}
        if known:
            return {text: shares[text] for text in known}
        return {capital: confidence * share * NAME, small: confidence * (1 - share)}

    def _weigh_meant(self, meant: str) -> dict[str, float]:
        """Weigh the forms of what the user says is meant: the very form, if it has a capital."""
        forms = self._forms.get(fold(meant), {})
        return {**forms} if forms and (meant.islower() or meant not in forms) else {meant: 1}

    def _weigh_cases(self, asked: Asked) -> Weights:
        """Weigh the forms of a word that was seen in another case."""
        form, word, has_case, _ = asked
        if word in self._pairs or not has_case:
            return {}
        # Capitals get lost in typing, and shouting adds them. One at the front alone is meant.
        case = find_case(form) if form.istitle() else None
        weights = {
            text: count * self.time * (1.0 if case in (None, find_case(text)) else OTHER_CASE)
            for text, count in self._nodes[word].items()
        }
        best = sorted(weights, key=weights.__getitem__, reverse=True)[:MOST]
        return {text: weights[text] for text in best}


def _list_cases(form: str) -> tuple[str, str]:
    """List how a form is spelt with a capital at the front, and in small letters."""
    return form.capitalize(), form.lower()
