"""Measuring how far small edits of a text move a pipeline's vectors and predictions."""

from collections import Counter
from collections.abc import Iterator, Mapping
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
from ..draws import globally_seeded
from ..edits.seeded import SeededAugmenter
from ..errors import Errors
from ..types import Array, Augmenter
from .bootstrap import Resampling, find_interval
from .comparison import Comparison, Observed
from .data import Data, copy_tokens, drop_vectors, may_have_gold, read_data
from .defaults import Curves, default_edits
from .observer import Observer
from .points import Key, Point, list_edits
from .provenance import describe_provenance
from .result import CurvePoint, Stability
from .samples import Samples
from .scoring import ScoreTally, list_classes
from .store import ExampleStore
from .tally import EditTally, Spread

GOLD_ATTRS = ["TAG", "POS", "MORPH", "LEMMA", "DEP", "SENT_START", "ENT_IOB"]


Placed: TypeAlias = tuple[int, Example]  # its place in the corpus, from 0


class Part(NamedTuple):
    """What was measured of a part of a corpus, for another process. Fields as `Measurement`'s.

    stores (Dict[Union[str, Point, None], Tuple[bytes, int]]): The examples to score, and their
        number.
    """

    documents: int
    tokens: int
    has_gold: bool
    spread: Spread
    tallies: dict[Key, EditTally]
    score_tallies: dict[Key | None, ScoreTally]
    samples: Samples
    stores: dict[Key | None, tuple[bytes, int]]


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
    to what batching does to the rounding of the pipeline's own vectors. Every random
    choice depends on the seed and the document's place in the corpus alone.

    Arguments as in `measure_stability`, which measures a baseline too.

    RETURNS (Stability): The figures, and a few sample documents.
    RAISES (ValueError): As `measure_stability` does.
    """
    check_numbers(limit=limit, seed=seed, batch_size=batch_size or 0)
    edits = default_edits(seed) if edits is None else edits
    every = list_edits(edits, curves)
    batch_size = batch_size or nlp.batch_size
    batches = read_batches(nlp, data, batch_size, limit=limit)
    first = next(batches, None)
    if first is None:
        raise ValueError(Errors.SD109)
    observer = Observer(
        nlp, first[0][1].predicted, component=component, batch_size=batch_size, predict=predict
    )
    scores = scores and predict and may_have_gold(data)
    measurement = Measurement(observer, every, seed=seed, scores=scores)
    with tqdm(unit=" docs", disable=not progress) as bar:
        for batch in chain([first], batches):
            measurement.add(batch)
            bar.update(len(batch))
    result = measurement.finish(name or f"{nlp.lang}_{nlp.meta['name']}")
    result.provenance = describe_provenance(data, edits, curves or {}, seed=seed, limit=limit)
    return result


def check_numbers(**settings: Any) -> None:
    """Raise SD108 unless settings are whole numbers of at least 0."""
    for setting, value in settings.items():
        if not is_whole(value):
            raise ValueError(Errors.SD108.format(setting=setting, value=value))


def read_batches(
    nlp: Language, data: Data, batch_size: int, *, limit: int = 0
) -> Iterator[list[Placed]]:
    """Read batches of documents that have tokens.

    nlp (Language): The pipeline.
    data (Union[str, Path, Iterable[Union[Example, Doc, str]]]): The corpus.
    batch_size (int): Number of documents of a batch.
    limit (int): Number of documents to stop after; 0 for all.
    YIELDS (List[Tuple[int, Example]]): Documents, and the places of each in the corpus.
    """
    filled = ((i, eg) for i, eg in enumerate(read_data(nlp, data)) if len(eg.predicted))
    yield from minibatch(islice(filled, limit or None), batch_size)


class Measurement:
    """What is known of a pipeline's stability so far; grows batch by batch, or part by part."""

    def __init__(
        self, observer: Observer, edits: Mapping[Key, Augmenter], *, seed: int, scores: bool
    ) -> None:
        """Begin with no documents.

        observer (Observer): Runs the pipeline, and reads its vectors.
        edits (Mapping[Union[str, Point], Callable]): The augmenters.
        seed (int): The seed >= 0 of all random choices.
        scores (bool): Whether to score the predictions.
        """
        self.observer = observer
        self.edits = edits
        self.seed = seed
        self.documents = 0
        self.tokens = 0
        self.resampling = Resampling(seed)
        self.spread = Spread(seed)
        self.classes = list_classes(observer.nlp)
        self.tallies = {name: EditTally(seed, self.classes) for name in edits}
        self.has_gold = False
        vocab = observer.nlp.vocab
        self.stores: dict[Key | None, ExampleStore] = {
            name: ExampleStore(vocab) for name in [None, *edits] if scores
        }
        self.score_tallies = {name: ScoreTally(observer.nlp) for name in self.stores}
        self.samples = Samples(seed)

    def add(self, batch: list[Placed]) -> None:
        """Add the clean documents of a batch, and all their edited copies.

        batch (List[Tuple[int, Example]]): The documents, and the place of each in the corpus.
        """
        places, examples = [place for place, _ in batch], [eg for _, eg in batch]
        times = self.resampling.draw(places)
        clean = self._observe(examples, None, times)
        for place, observed in zip(places, clean, strict=True):
            self.spread.add(observed.vectors, place)
            self.tokens += len(observed.doc)
        self.has_gold |= any(_has_gold(eg.reference) for eg in examples)
        sampled = self.samples.choose([observed.doc for observed in clean], places)
        for name, tally in self.tallies.items():
            origins, edited = self._edit(name, batch)
            observed_copies = self._observe(edited, name, times[origins])
            copies: Counter[int] = Counter()
            for i, observed in zip(origins, observed_copies, strict=True):
                comparison = Comparison(clean[i], observed)
                tally.add(comparison, times[i], places[i], copies[i])
                copies[i] += 1
                if i in sampled and isinstance(name, str):
                    sampled[i].append(comparison.view(name, self.classes))
        self.documents += len(batch)

    def to_part(self) -> Part:
        """Return what another measurement of the same pipeline can take over."""
        stores = {edit: (store.to_bytes(), len(store)) for edit, store in self.stores.items()}
        return Part(
            self.documents,
            self.tokens,
            self.has_gold,
            self.spread,
            self.tallies,
            self.score_tallies,
            self.samples,
            stores,
        )

    def merge(self, part: Part) -> None:
        """Add the documents of another measurement, as if they had been added here.

        part (Part): What it has found, of other documents of the corpus.
        """
        self.documents += part.documents
        self.tokens += part.tokens
        self.has_gold |= part.has_gold
        self.spread.merge(part.spread)
        self.samples.merge(part.samples)
        for edit, tally in self.tallies.items():
            tally.merge(part.tallies[edit])
        for name, score_tally in self.score_tallies.items():
            score_tally.merge(part.score_tallies[name])
            self.stores[name].add_bytes(*part.stores[name])

    def finish(self, name: str) -> Stability:
        """Return the result, for a pipeline that is called by a name."""
        spread = self.spread.value
        scores = {edit: self._score(edit) for edit in [None, *self.edits]}
        replicates = {edit: self._resample_scores(edit, scores[edit]) for edit in scores}
        views = [
            view
            for edit in self.edits
            if isinstance(edit, str)
            for view in self.samples.show(edit, spread)
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

    def _edit(self, name: Key, batch: list[Placed]) -> tuple[list[int], list[Example]]:
        """Make the edited copies, and say which example of the batch each is from."""
        edit = self.edits[name]
        origins, edited = [], []
        for i, (place, eg) in enumerate(batch):
            for copy in self._copy(edit, place, eg):
                if len(copy.predicted):
                    origins.append(i)
                    edited.append(copy)
        return origins, edited

    def _copy(self, edit: Augmenter, place: int, example: Example) -> list[Example]:
        """Make the edited copies of an example, which depend on the seed and on its place alone."""
        # Ours have a generator of their own.
        if isinstance(edit, SeededAugmenter):
            return list(edit.restarted(place)(self.observer.nlp, example))
        number = int(numpy.random.SeedSequence([self.seed, place]).generate_state(1)[0])
        with globally_seeded(number):
            return list(edit(self.observer.nlp, example))

    def _observe(self, examples: list[Example], edit: Key | None, times: Array) -> list[Observed]:
        """Run the pipeline on copies of the predicted documents, and keep them for scoring."""
        docs, vectors = self.observer.run([_copy_bare(eg.predicted) for eg in examples])
        if edit in self.stores:
            for doc, eg, number in zip(docs, examples, times, strict=True):
                drop_vectors(doc)
                predicted = Example(doc, eg.reference)
                self.stores[edit].append(predicted)
                self.score_tallies[edit].add(predicted, number)
        return [Observed(doc, array) for doc, array in zip(docs, vectors, strict=True)]

    def _score(self, edit: Key | None) -> dict[str, Any] | None:
        """Score the kept documents as nlp.evaluate does, but for the speed."""
        if edit not in self.stores or not self.has_gold:
            return None
        scores = Scorer(self.observer.nlp).score(self.stores[edit])
        scores = self.score_tallies[edit].correct(scores)
        return convert_recursive(lambda x: isinstance(x, numpy.generic), lambda x: x.item(), scores)

    def _resample_scores(self, edit: Key | None, scores: dict[str, Any] | None) -> dict[str, Array]:
        """Those of the scores that are known in each resample, as they are there."""
        if scores is None:
            return {}
        resampled = self.score_tallies[edit].replicates.items()
        return {key: each for key, each in resampled if scores.get(key) is not None}


def _copy_bare(doc: Doc) -> Doc:
    """Copy a document without annotation, which components would keep, with its user data."""
    copy = copy_tokens(doc.vocab, doc)
    copy.user_data = dict(doc.user_data)
    return copy


def _has_gold(reference: Doc) -> bool:
    """Whether a document has annotation that something could be scored against."""
    # The only token of a document begins a sentence, whoever annotates it.
    attrs = [attr for attr in GOLD_ATTRS if attr != "SENT_START" or len(reference) > 1]
    annotated = any(reference.has_annotation(attr) for attr in attrs)
    return annotated or bool(reference.cats) or bool(reference.spans)
