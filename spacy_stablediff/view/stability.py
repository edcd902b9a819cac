"""Measuring stability in Python: a result that shows itself, and writes its page."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import srsly
from spacy.language import Language
from spacy.tokens import Doc

from ..edits.forgetting import forget_new_words
from ..errors import Errors
from ..measure.data import Data
from ..measure.defaults import Curves
from ..measure.measure import measure_pipeline
from ..measure.observer import find_same_place
from ..measure.result import Stability
from ..types import Augmenter
from ..words.explain import count_read_as_others
from .figures import name_pipelines, read_figures
from .report import render_report
from .robustness import RobustnessTable, make_robustness_tables
from .verdict import judge

# How many of the words that were embedded as others are kept.
MENDED = 30


@dataclass
class StabilityReport(Stability):
    """The stability of a pipeline, beside that of a baseline if there is one.

    Shows itself as a page in a notebook. Fields as those of `Stability`, and:

    baseline (Optional[Stability]): The stability of the baseline.
    """

    baseline: Stability | None = None

    @property
    def measured(self) -> list[Stability]:
        """What was measured of the pipeline, and of the baseline if there is one."""
        return [self, *([] if self.baseline is None else [self.baseline])]

    @property
    def verdict(self) -> str:
        """What the figures come to, in a sentence or two."""
        measured = self.measured
        names = name_pipelines(*(each.model for each in measured))
        figures = [read_figures(each, name) for each, name in zip(measured, names, strict=True)]
        return judge(*figures)

    @property
    def robustness(self) -> list[RobustnessTable]:
        """What is left under errors that others report too, of entities and of categories.

        None where these errors weren't measured: the default curves have them.
        """
        return make_robustness_tables(self.measured)

    def tabulate_robustness(self) -> str:
        """Write the robustness tables as Markdown, each under a line that says what it shows.

        RETURNS (str): Markdown.
        RAISES (ValueError): SD126 if none of its errors was measured.
        """
        tables = self.robustness
        if not tables:
            raise ValueError(Errors.SD126)
        return "\n\n".join(f"{table.caption}\n\n{table.to_markdown()}" for table in tables)

    def to_dict(self) -> dict[str, Any]:
        """Return the figures as they are written to stability.json."""
        figures = super().to_dict()
        figures["robustness"] = {table.gauge.key: table.to_dict() for table in self.robustness}
        if self.baseline is not None:
            figures["baseline"] = self.baseline.to_dict()
            figures["ratio"] = self.ratio_to(self.baseline)
        return figures

    def to_html(self) -> str:
        """Return the figures as a page, complete in itself."""
        return render_report(self, self.baseline)

    def to_disk(self, path: Path | str) -> None:
        """Write stability.json and stability.html.

        path (Union[Path, str]): The directory, created if it is missing.
        """
        folder = Path(path)
        folder.mkdir(parents=True, exist_ok=True)
        srsly.write_json(folder / "stability.json", self.to_dict())
        (folder / "stability.html").write_text(self.to_html(), encoding="utf8")

    def _repr_html_(self) -> str:
        """Show the page in a notebook, in a frame that keeps its styles to itself."""
        style = "width: 100%; height: 640px; border: 0"
        return f'<iframe srcdoc="{escape(self.to_html())}" style="{style}"></iframe>'


def measure_stability(
    nlp: Language,
    data: Data,
    edits: Mapping[str, Augmenter] | None = None,
    *,
    curves: Curves | None = None,
    baseline: Language | None = None,
    component: str | None = None,
    name: str | None = None,
    limit: int = 0,
    seed: int = 0,
    batch_size: int | None = None,
    scores: bool = True,
    predict: bool = True,
    progress: bool = False,
) -> StabilityReport:
    """Measure how far small edits of a text move a pipeline's vectors and predictions.

    nlp (Language): The pipeline.
    data (Union[str, Path, Iterable[Union[Example, Doc, str]]]): The corpus: the path of a
        .spacy file, of a directory of them or of a .txt file with a text a line; or
        examples, documents, whose annotation counts as gold, or texts. None is modified,
        and those without tokens are left out. Documents that a generator makes meanwhile
        can't be used afterwards, for the vocab forgets their words.
    edits (Optional[Mapping[str, Callable[[Language, Example], Iterator[Example]]]]):
        Augmenters by the name of the edit. By default `spacy-stablediff.edits.v1`
        at a rate of 0.1 for each of "typo", "swap" and "drop" alone. Edits of this
        package begin anew from their own seed; for an augmenter that draws from
        the global generators of `random` and numpy these are seeded, and then set
        back. One with a generator of its own goes on from where it is.
    curves (Optional[Mapping[str, Mapping[float, Callable]]]): Augmenters at several rates,
        by name and rate. By default none; `default_curves` makes those of the command.
    baseline (Optional[Language]): A pipeline to compare with, on the same data.
    component (Optional[str]): The component whose vectors to look at: those it sees,
        or those it writes if it is a `tok2vec` or `stablediff`. By default those of the
        first component that embeds and diffuses for itself, if no other diffuses for
        it; otherwise doc.tensor behind the whole pipeline, else the static vectors,
        else those of the only component that embeds for itself. A baseline is looked at
        in the same place if a component of that name sees vectors there, else by these rules.
    name (Optional[str]): What to call the pipeline. By default its own name.
    limit (int): Number of documents to stop after; 0 for all.
    seed (int): The seed >= 0 of all random choices.
    batch_size (Optional[int]): Number of documents the pipeline works on at once. By
        default its own setting.
    scores (bool): Whether to score the predictions where there is gold annotation.
    predict (bool): Whether to run the components behind the one whose vectors are
        looked at. Without them there are no scores, flips and agreement. It makes no
        difference where doc.tensor is looked at, behind the whole pipeline.
    progress (bool): Whether to show a progress bar.
    RETURNS (StabilityReport): The figures, and a few sample documents.
    RAISES (ValueError): SD103 to SD105 if the component can't be found or there are
        no vectors, SD106 or SD107 if the vectors aren't what they should be, SD108
        if the limit, seed or batch size is not a whole number >= 0, SD109 if the corpus is
        empty, SD110 if there are no edits, SD113 to SD117 if the data can't be read, SD129 if an edit is
        called "clean".
    """
    if baseline is not None and not isinstance(data, (str, Path)):
        data = list(data)
    options: dict[str, Any] = {"limit": limit, "seed": seed, "batch_size": batch_size}
    options.update(curves=curves, scores=scores, predict=predict, progress=progress)
    other = None
    # The baseline's edits write into the vocab of the data as well.
    with forget_new_words(nlp.vocab):
        result = _measure(nlp, data, edits, component=component, name=name, **options)
        if baseline is not None:
            place = find_same_place(baseline, result.place)
            other = _measure(baseline, data, edits, component=place, **options)
    return StabilityReport(**vars(result), baseline=other)


def _measure(
    nlp: Language, data: Data, edits: Mapping[str, Augmenter] | None, **options: Any
) -> Stability:
    """Measure a pipeline, whose vocab forgets the words that it meets meanwhile: most are misspelt."""
    with forget_new_words(nlp.vocab):
        result = measure_pipeline(nlp, data, edits, **options)
        result.mended = count_mended(nlp, result)
    return result


def count_mended(nlp: Language, result: Stability) -> list[tuple[str, str, int]]:
    """Count the words of the edited samples that a pipeline embeds as others, for the most part.

    nlp (Language): The pipeline.
    result (Stability): What was measured of it.
    RETURNS (List[Tuple[str, str, int]]): Each word, what it is embedded as, and how often,
        the most frequent first.
    """
    samples = [[token.text for token in sample.edited] for sample in result.samples]
    counts = count_read_as_others(nlp, _make_docs(nlp, samples))
    return [(word, meant, count) for (word, meant), count in counts.most_common(MENDED)]


def _make_docs(nlp: Language, samples: Iterable[list[str]]) -> list[Doc]:
    return [Doc(nlp.vocab, words=words) for words in samples]
