"""Measuring how far small edits of a text move a pipeline's vectors and predictions."""

import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import chain, islice
from typing import Any, NamedTuple, TypeAlias

import numpy
from spacy.language import Language
from spacy.scorer import Scorer
from spacy.tokens import Doc
from spacy.training import Example
from spacy.util import minibatch
from thinc.util import convert_recursive
from tqdm import tqdm

from ..checks import is_whole
from ..edits.seeded import SeededAugmenter
from ..errors import Errors
from ..types import Array, Augmenter
from .bootstrap import Resampling, find_interval
from .comparison import Comparison, Observed
from .data import Data, may_have_gold, read_data
from .defaults import Curves, default_edits
from .observer import Observer
from .provenance import describe_provenance
from .result import CurvePoint, Stability
from .scoring import ScoreTally
from .store import ExampleStore
from .tally import EditTally, Spread

# Sample documents, and the length up to which documents are preferred.
SAMPLES = 5
SAMPLE_LENGTH = 120

GOLD_ATTRS = ["TAG", "POS", "MORPH", "LEMMA", "DEP", "SENT_START", "ENT_IOB"]


def measure_pipeline(
    nlp: Language,
    data: Data,
    edits: Mapping[str, Augmenter] | None = None,
    *,
    curves: Curves | None = None,
    component: str | None = None,
    name: str | None = None,
    limit: int = 0,
    seed: int = 0,
    batch_size: int | None = None,
    scores: bool = True,
    predict: bool = True,
    progress: bool = False,
) -> Stability:
    """Measure how far small edits of a text move a pipeline's vectors and predictions.

    Every document is edited, run through the pipeline, and aligned token by token
    with the clean one. The corpus is gone through once, and the memory it takes
    doesn't grow with the number of documents. Two figures are therefore exact on a
    small corpus, and found from a random sample, fixed by the seed, on a large one:
    the spread, from all pairs of 2,000 tokens, and the 95th percentile, from 100,000
    displacements. The same seed gives the same figures, whatever the batch size, up
    to what batching does to the rounding of the pipeline's own vectors.

    Arguments as in `measure_stability`, which measures a baseline too.

    RETURNS (Stability): The figures, and a few sample documents.
    RAISES (ValueError): As `measure_stability` does.
    """
    for setting, value in [("limit", limit), ("seed", seed)]:
        if not is_whole(value):
            raise ValueError(Errors.SD108.format(setting=setting, value=value))
    edits = default_edits(seed) if edits is None else edits
    if not edits:
        raise ValueError(Errors.SD110)
    filled = (eg for eg in read_data(nlp, data) if len(eg.predicted))
    batch_size = batch_size or nlp.batch_size
    batches = minibatch(islice(filled, limit or None), batch_size)
    first = next(batches, None)
    if first is None:
        raise ValueError(Errors.SD109)
    observer = Observer(
        nlp, first[0].predicted, component=component, batch_size=batch_size, predict=predict
    )
    scores = scores and predict and may_have_gold(data)
    every: dict[Key, Augmenter] = {}
    every.update(edits)
    for curve, rates in (curves or {}).items():
        every |= {Point(curve, rate): rates[rate] for rate in sorted(rates)}
    measurement = _Measurement(observer, every, seed=seed, scores=scores)
    with tqdm(unit=" docs", disable=not progress) as bar:
        for batch in chain([first], batches):
            measurement.add(batch)
            bar.update(len(batch))
    result = measurement.finish(name or f"{nlp.lang}_{nlp.meta['name']}")
    result.provenance = describe_provenance(data, edits, curves or {}, seed=seed, limit=limit)
    return result


class Point(NamedTuple):
    """A point of a curve: an edit at a rate."""

    curve: str
    rate: float


Key: TypeAlias = str | Point  # of an edit


class _Measurement:
    """What is known of a pipeline's stability so far; grows batch by batch."""

    def __init__(
        self, observer: Observer, edits: Mapping[Key, Augmenter], *, seed: int, scores: bool
    ) -> None:
        self.observer = observer
        self.edits = {
            name: edit.restarted() if isinstance(edit, SeededAugmenter) else edit
            for name, edit in edits.items()
        }
        self.seed = seed
        self.documents = 0
        self.tokens = 0
        self.resampling = Resampling(seed)
        self.spread = Spread(seed)
        self.tallies = {name: EditTally(seed) for name in edits}
        self.has_gold = False
        vocab = observer.nlp.vocab
        self.stores: dict[Key | None, ExampleStore] = {
            name: ExampleStore(vocab) for name in [None, *edits] if scores
        }
        self.score_tallies = {name: ScoreTally(observer.nlp) for name in self.stores}
        self.samples: list[tuple[float, list[tuple[str, Comparison]]]] = []
        self.sample_draws = numpy.random.default_rng([seed, SAMPLES])

    def add(self, batch: list[Example]) -> None:
        """Add the clean documents of a batch, and all their edited copies."""
        times = self.resampling.draw(len(batch))
        clean = self._observe(batch, None, times)
        for observed in clean:
            self.spread.add(observed.vectors)
            self.tokens += len(observed.doc)
        self.has_gold |= any(_has_gold(eg.reference) for eg in batch)
        sampled = self._choose_samples([observed.doc for observed in clean])
        for name, tally in self.tallies.items():
            origins, edited = self._edit(name, batch)
            observed_copies = self._observe(edited, name, times[origins])
            for i, observed in zip(origins, observed_copies, strict=True):
                comparison = Comparison(clean[i], observed)
                tally.add(comparison, times[i])
                if i in sampled and isinstance(name, str):
                    sampled[i].append((name, comparison))
        self.documents += len(batch)

    def finish(self, name: str) -> Stability:
        """Return the result, for a pipeline that is called by a name."""
        spread = self.spread.value
        scores = {edit: self._score(edit) for edit in [None, *self.edits]}
        replicates = {edit: self._resample_scores(edit, scores[edit]) for edit in scores}
        views = [
            comparison.view(edit, spread)
            for edit in self.edits
            if isinstance(edit, str)
            for _, comparisons in self.samples
            for sampled_edit, comparison in comparisons
            if sampled_edit == edit
        ]
        edits = {
            edit: tally.finish(spread, scores[edit], replicates[edit])
            for edit, tally in self.tallies.items()
        }
        # What changes nothing at a rate of 1 has nothing to change in these documents.
        idle = {name for name, tally in self.tallies.items() if not tally.has_changes}
        curves: dict[str, list[CurvePoint]] = {}
        for edit, figures in edits.items():
            if isinstance(edit, Point) and Point(edit.curve, 1.0) not in idle:
                curves.setdefault(edit.curve, []).append(CurvePoint(edit.rate, figures))
        return Stability(
            model=name,
            documents=self.documents,
            tokens=self.tokens,
            scores=scores[None],
            edits={edit: figures for edit, figures in edits.items() if isinstance(edit, str)},
            curves=curves,
            samples=views,
            place=self.observer.place,
            intervals={name: find_interval(each) for name, each in replicates[None].items()},
            replicates=replicates[None],
        )

    def _edit(self, name: Key, batch: list[Example]) -> tuple[list[int], list[Example]]:
        """Make the edited copies, and say which example of the batch each is from."""
        origins, edited = [], []
        for i, eg in enumerate(batch):
            with _global_seed(self.seed, self.documents + i):
                copies = list(self.edits[name](self.observer.nlp, eg))
            for copy in copies:
                if len(copy.predicted):
                    origins.append(i)
                    edited.append(copy)
        return origins, edited

    def _observe(self, examples: list[Example], edit: Key | None, times: Array) -> list[Observed]:
        """Run the pipeline on copies of the predicted documents, and keep them for scoring."""
        docs, vectors = self.observer.run([eg.predicted.copy() for eg in examples])
        if edit in self.stores:
            for doc, eg, number in zip(docs, examples, times, strict=True):
                doc.tensor = numpy.zeros((0,), dtype="float32")
                predicted = Example(doc, eg.reference)
                self.stores[edit].append(predicted)
                self.score_tallies[edit].add(predicted, number)
        return [Observed(doc, array) for doc, array in zip(docs, vectors, strict=True)]

    def _score(self, edit: Key | None) -> dict[str, Any] | None:
        """Score the kept documents as nlp.evaluate does, but for the speed."""
        if edit not in self.stores or not self.has_gold:
            return None
        scores = Scorer(self.observer.nlp).score(self.stores[edit])
        return convert_recursive(lambda x: isinstance(x, numpy.generic), lambda x: x.item(), scores)

    def _resample_scores(self, edit: Key | None, scores: dict[str, Any] | None) -> dict[str, Array]:
        """Those of the scores that are known in each resample, as they are there."""
        if scores is None:
            return {}
        resampled = self.score_tallies[edit].replicates.items()
        return {key: each for key, each in resampled if scores.get(key) is not None}

    def _choose_samples(self, docs: list[Doc]) -> dict[int, list[tuple[str, Comparison]]]:
        """Choose which documents of a batch to show, and make room for their comparisons.

        The documents that draw the lowest numbers are shown: the same ones for each
        pipeline that is measured on the corpus. Long ones draw higher numbers.
        """
        draws = self.sample_draws.random(len(docs)).tolist()
        entries: list[tuple[float, list[tuple[str, Comparison]]]] = [
            (draw + (len(doc) > SAMPLE_LENGTH), []) for draw, doc in zip(draws, docs, strict=True)
        ]
        self.samples = sorted([*self.samples, *entries], key=lambda entry: entry[0])[:SAMPLES]
        chosen = {id(comparisons) for _, comparisons in self.samples}
        return {i: entry[1] for i, entry in enumerate(entries) if id(entry[1]) in chosen}


def _has_gold(reference: Doc) -> bool:
    """Whether a document has annotation that something could be scored against."""
    # The only token of a document begins a sentence, whoever annotates it.
    attrs = [attr for attr in GOLD_ATTRS if attr != "SENT_START" or len(reference) > 1]
    annotated = any(reference.has_annotation(attr) for attr in attrs)
    return annotated or bool(reference.cats) or bool(reference.spans)


@contextmanager
def _global_seed(seed: int, index: int) -> Iterator[None]:
    """Seed the global generators of random and numpy, and set them back afterwards."""
    states = random.getstate(), numpy.random.get_state()
    number = int(numpy.random.SeedSequence([seed, index]).generate_state(1)[0])
    random.seed(number)
    numpy.random.seed(number)
    try:
        yield
    finally:
        random.setstate(states[0])
        numpy.random.set_state(states[1])
