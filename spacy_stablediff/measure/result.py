"""The result of measuring stability: figures, and sample documents."""

from dataclasses import asdict, dataclass, field
from numbers import Number
from typing import Any


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
class EditStability:
    """What one kind of edit does to a pipeline. None stands for what it doesn't have.

    displacement (Displacement): How far the vectors move.
    identity (Optional[float]): How often, from 0 to 1, the clean token nearest to
        the vector of a token of the edited text is the aligned one.
    cats_flips (Optional[float]): Share of documents whose top category changes.
    ents_agreement (Optional[float]): F of the entities found in the edited text
        against those found in the clean text.
    scores (Optional[Dict[str, Any]]): spaCy's scores of the edited documents.
    """

    displacement: Displacement
    identity: float | None
    cats_flips: float | None
    ents_agreement: float | None
    scores: dict[str, Any] | None


@dataclass
class TokenView:
    """A token of a sample document.

    text (str): Its text.
    whitespace (str): The whitespace after it.
    ent (str): The label of the entity it belongs to, or "".
    displacement (Optional[float]): How far its vector moves, relative to the
        spread. None where the token has no counterpart.
    edited (bool): Whether the token itself was changed.
    """

    text: str
    whitespace: str
    ent: str
    displacement: float | None
    edited: bool


@dataclass
class SampleView:
    """A sample document before and after an edit.

    edit (str): The name of the edit.
    clean (List[TokenView]): The tokens of the clean document.
    edited (List[TokenView]): The tokens of the edited document.
    clean_cat (Optional[str]): The top category of the clean document.
    edited_cat (Optional[str]): The top category of the edited document.
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
    samples (List[SampleView]): A few documents per kind of edit, the same
        documents for every pipeline measured on the same corpus.
    """

    model: str
    documents: int
    tokens: int
    scores: dict[str, Any] | None
    edits: dict[str, EditStability]
    samples: list[SampleView] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Return the figures as they are written to stability.json.

        RETURNS (Dict[str, Any]): Everything but the samples.
        """
        return {
            "model": self.model,
            "documents": self.documents,
            "tokens": self.tokens,
            "clean": {"scores": self.scores},
            "edits": {name: asdict(edit) for name, edit in self.edits.items()},
        }

    def ratio_to(self, baseline: "Stability") -> dict[str, Any]:
        """Return each figure divided by that of a baseline.

        baseline (Stability): The stability of another pipeline.
        RETURNS (Dict[str, Any]): As `to_dict` from "clean" on. None where there is
            no such figure in both, or it is 0 in the baseline.
        """
        ours, theirs = self.to_dict(), baseline.to_dict()
        return {key: _ratio(ours[key], theirs[key]) for key in ("clean", "edits")}


def _ratio(ours: Any, theirs: Any) -> Any:
    """Divide figures, through all levels of a dictionary."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return {key: _ratio(ours[key], theirs[key]) for key in ours if key in theirs}
    if isinstance(ours, Number) and isinstance(theirs, Number) and theirs:
        return ours / theirs  # type: ignore[operator]
    return None
