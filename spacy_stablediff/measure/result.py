"""The result of measuring stability: figures, and sample documents."""

from dataclasses import asdict, dataclass, field
from numbers import Number
from typing import Any, TypeAlias

from ..types import Array

# The figures of an edit that are compared with a baseline's.
COMPARED = ("displacement", "identity", "cats_flips", "ents_agreement", "scores")

Intervals: TypeAlias = dict[str, tuple[float, float] | None]


@dataclass
class Displacement:
    """How far vectors move: from a token's vector in clean text to that in edited text.

    All but `raw` are relative to the spread, the mean distance between random pairs
    of clean tokens of the corpus. None where there is nothing to average, or where
    all clean vectors are alike.

    raw (Optional[float]): The mean distance.
    mean (Optional[float]): The mean distance, relative to the spread.
    p95 (Optional[float]): The 95th percentile.
    edited (Optional[float]): The mean over tokens that were changed themselves.
    unedited (Optional[float]): The mean over the other tokens.
    """

    raw: float | None
    mean: float | None
    p95: float | None
    edited: float | None
    unedited: float | None


@dataclass
class Histogram:
    """How the displacements of tokens are distributed.

    edges (List[float]): Where each bin begins, in multiples of the spread.
    shares (List[float]): The share of the tokens in each, from 0 to 1; the last bin has
        no end.
    """

    edges: list[float]
    shares: list[float]


@dataclass
class EditStability:
    """What one kind of edit does to a pipeline. None stands for what it doesn't have.

    displacement (Displacement): How far the vectors move.
    identity (Optional[float]): How often, from 0 to 1, the clean token nearest to
        the vector of a token of the edited text is the aligned one.
    cats_flips (Optional[float]): Share of documents whose top category changes.
    ents_agreement (Optional[float]): F of the entities found in the edited text
        against those found in the clean text.
    scores (Optional[Dict[str, Any]]): spaCy's scores of the edited documents.
    labels (Dict[str, Dict[str, Optional[float]]]): "cats_flips" for the documents of each
        top category, and "ents_agreement" for the entities of each label.
    histogram (Optional[Histogram]): The displacements.
    intervals (Dict[str, Optional[Tuple[float, float]]]): For figures and scores the
        interval that the bootstrap gives with a level of 95 %.
    replicates (Dict[str, Floats1d]): These figures in each resample.
    """

    displacement: Displacement
    identity: float | None
    cats_flips: float | None
    ents_agreement: float | None
    scores: dict[str, Any] | None
    labels: dict[str, dict[str, float | None]] = field(default_factory=dict)
    histogram: Histogram | None = None
    intervals: Intervals = field(default_factory=dict)
    replicates: dict[str, Array] = field(default_factory=dict, repr=False, compare=False)

    def to_dict(self) -> dict[str, Any]:
        """Return the figures as they are written to stability.json."""
        figures = {name: getattr(self, name) for name in COMPARED}
        return {**figures, "displacement": asdict(self.displacement)}

    def list_details(self) -> dict[str, Any]:
        """Return what else is written to stability.json."""
        histogram = None if self.histogram is None else asdict(self.histogram)
        return {"intervals": self.intervals, "labels": self.labels, "histogram": histogram}


@dataclass
class CurvePoint:
    """What an edit does at one rate.

    rate (float): The rate, from 0 to 1.
    figures (EditStability): What it does.
    """

    rate: float
    figures: EditStability

    def to_dict(self) -> dict[str, Any]:
        """Return the figures as they are written to stability.json."""
        return {"rate": self.rate, **self.figures.to_dict()}


@dataclass
class TokenView:
    """A token of a sample document.

    text (str): Its text.
    whitespace (str): The whitespace after it.
    ent (str): The label of the entity it belongs to, or "".
    displacement (Optional[float]): How far its vector moves, relative to the
        spread. None where the token has no counterpart.
    edited (bool): Whether the token itself was changed.
    begins (bool): Whether an entity begins with it.
    """

    text: str
    whitespace: str
    ent: str
    displacement: float | None
    edited: bool
    begins: bool = False


@dataclass
class SampleView:
    """A sample document before and after an edit.

    edit (str): The name of the edit.
    clean (List[TokenView]): The tokens of the clean document.
    edited (List[TokenView]): The tokens of the edited document.
    clean_cat (Optional[str]): The top category of the clean document, those of several
        classifiers with commas between.
    edited_cat (Optional[str]): The same of the edited document.
    """

    edit: str
    clean: list[TokenView]
    edited: list[TokenView]
    clean_cat: str | None
    edited_cat: str | None


@dataclass
class Stability:
    """How stable a pipeline is under small edits.

    model (str): The name of the pipeline.
    documents (int): Number of documents.
    tokens (int): Number of tokens of the clean documents.
    scores (Optional[Dict[str, Any]]): spaCy's scores of the clean documents.
    edits (Dict[str, EditStability]): What each kind of edit does, by its name.
    curves (Dict[str, List[CurvePoint]]): What an edit does at several rates, by its name;
        without those that changed no document at a rate of 1.
    samples (List[SampleView]): A few documents per kind of edit, the same
        documents for every pipeline measured on the same corpus.
    place (str): Where the vectors were read: "doc.tensor", "static vectors", the name of a
        component, or "none".
    mended (List[Tuple[str, str, int]]): Words that the pipeline embedded as others, these,
        and how often, in the edited samples.
    provenance (Dict[str, Any]): Where the figures come from: seed, edits, data, date and
        versions.
    intervals (Dict[str, Optional[Tuple[float, float]]]): For scores of the clean documents
        the interval that the bootstrap gives with a level of 95 %.
    replicates (Dict[str, Floats1d]): These scores in each resample.
    """

    model: str
    documents: int
    tokens: int
    scores: dict[str, Any] | None
    edits: dict[str, EditStability]
    samples: list[SampleView] = field(default_factory=list)
    curves: dict[str, list[CurvePoint]] = field(default_factory=dict)
    place: str = "doc.tensor"
    mended: list[tuple[str, str, int]] = field(default_factory=list)
    provenance: dict[str, Any] = field(default_factory=dict)
    intervals: Intervals = field(default_factory=dict)
    replicates: dict[str, Array] = field(default_factory=dict, repr=False, compare=False)

    def to_dict(self) -> dict[str, Any]:
        """Return the figures as they are written to stability.json.

        RETURNS (Dict[str, Any]): Everything but the samples and replicates.
        """
        return {
            "model": self.model,
            "documents": self.documents,
            "tokens": self.tokens,
            "clean": {"scores": self.scores},
            "edits": {name: edit.to_dict() for name, edit in self.edits.items()},
            "curves": {
                name: [point.to_dict() for point in curve] for name, curve in self.curves.items()
            },
            "details": {
                "clean": {"intervals": self.intervals},
                **{name: edit.list_details() for name, edit in self.edits.items()},
            },
            "mended": self.mended,
            "place": self.place,
            "provenance": self.provenance,
        }

    def ratio_to(self, baseline: "Stability") -> dict[str, Any]:
        """Return each figure divided by that of a baseline.

        baseline (Stability): The stability of another pipeline.
        RETURNS (Dict[str, Any]): As `to_dict`, "clean" and "edits". None where there is
            no such figure in both, or it is 0 in the baseline.
        """
        ours, theirs = Stability.to_dict(self), Stability.to_dict(baseline)
        return {key: _ratio(ours[key], theirs[key]) for key in ("clean", "edits")}


def _ratio(ours: Any, theirs: Any) -> Any:
    """Divide figures, through all levels of a dictionary."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return {key: _ratio(ours[key], theirs[key]) for key in ours if key in theirs}
    if isinstance(ours, Number) and isinstance(theirs, Number) and theirs:
        return ours / theirs  # type: ignore[operator]
    return None
