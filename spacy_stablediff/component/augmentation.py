"""The component `augmentation`: trains those after it on edited texts, and does nothing in prediction."""

from collections.abc import Callable, Iterable
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example, validate_examples, validate_get_examples
from thinc.api import Optimizer

from ..edits.original import record_original
from ..edits.seeded import SeededAugmenter
from ..edits.share import check_share, draw_share
from ..errors import Errors
from ..recommended import AUGMENTATION
from ..types import Augmenter
from ..wiring.path import enabled
from .pipeline import PipelineRef


@Language.factory("augmentation", default_config=AUGMENTATION)
def make_augmentation(nlp: Language, name: str, augmenter: Augmenter, share: Any) -> "Augmentation":
    """Create an `augmentation` component.

    nlp (Language): The pipeline.
    name (str): The component's name in it.
    augmenter (Callable[[Language, Example], Iterator[Example]]): Makes the edits.
    share (float): The probability, above 0 and up to 1, with which each text of a batch is
        replaced by what the augmenter makes of it.
    RETURNS (Augmentation): The component.
    RAISES (ValueError): SD077 if the share isn't one.
    """
    component = Augmentation(name, augmenter=augmenter, share=share)
    component.pipeline.set(nlp)
    return component


class Augmentation:
    """Train the components of a pipeline on edited texts, with their gold annotation.

    An augmenter of [corpora.train] makes one edited copy of each text for all epochs, for
    spaCy reads the corpus once. This component, which stands first, edits texts of each
    batch anew, so that those after it never meet the same edits again. A step takes no
    longer for it. In prediction it does nothing, and may be left out of a trained pipeline.
    """

    def __init__(self, name: str, *, augmenter: Augmenter, share: float) -> None:
        """Initialize an augmentation component. Arguments as in `make_augmentation`."""
        self.name = name
        self.augmenter = augmenter
        self.share = check_share(name, share)
        self.pipeline = PipelineRef()

    def __call__(self, doc: Doc) -> Doc:
        """Leave a document as it is.

        doc (Doc): The document.
        RETURNS (Doc): The same.
        """
        return doc

    def initialize(
        self, get_examples: Callable[[], Iterable[Example]], *, nlp: Language | None = None
    ) -> None:
        """Check that the component stands where it can act.

        get_examples (Callable[[], Iterable[Example]]): Returns a representative
            sample of Example objects.
        nlp (Language): The pipeline.
        RAISES (ValueError): SD011 without the pipeline, SD080 if another component stands first.
        """
        validate_get_examples(get_examples, "Augmentation.initialize")
        nlp = self.pipeline.begin(self, nlp)
        with enabled(nlp):
            self._check_place(nlp)

    def update(
        self,
        examples: list[Example],
        *,
        drop: float = 0.0,
        sgd: Optimizer | None = None,
        losses: dict[str, float] | None = None,
    ) -> dict[str, float]:
        """Edit some examples of a batch, in place.

        `nlp.update` hands the same list to one component after the other.

        examples (List[Example]): The batch. Those that are drawn are replaced by what the
            augmenter yields, if it yields anything.
        drop (float): Has no effect.
        sgd (Optional[Optimizer]): Has no effect: there are no parameters.
        losses (Optional[Dict[str, float]]): Losses so far, by component name.
        RETURNS (Dict[str, float]): The same.
        RAISES (ValueError): SD026 where the pipeline isn't known, SD080 if another component
            stands first.
        """
        validate_examples(examples, "Augmentation.update")
        nlp = self.pipeline.require(self, examples)
        self._check_place(nlp)
        drawn = draw_share(self.share, len(examples))
        examples[:] = [
            made
            for eg, is_edited in zip(examples, drawn, strict=True)
            for made in (self._edit(nlp, eg) if is_edited else []) or [eg]
        ]
        return {} if losses is None else losses

    def _edit(self, nlp: Language, example: Example) -> list[Example]:
        """Edit an example. Misspelt words are not to become words that embeddings know."""
        copies = list(self.augmenter(nlp, example))
        # Ours record it themselves. Others may yield the example itself.
        if not isinstance(self.augmenter, SeededAugmenter):
            for edited in copies:
                if edited.predicted.text != example.predicted.text:
                    record_original(example.predicted, edited.predicted)
        return copies

    def _check_place(self, nlp: Language) -> None:
        """Raise SD080 if one stands before it, for both would get different texts."""
        first = nlp.pipe_names[0]
        if first != self.name:
            raise ValueError(Errors.SD080.format(name=self.name, first=first))
