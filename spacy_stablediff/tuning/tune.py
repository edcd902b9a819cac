"""Making a trained pipeline steady, in one call."""

import copy
from dataclasses import dataclass
from typing import Any

from spacy.language import Language
from spacy.training import Example
from thinc.api import Model

from ..checks import is_number, is_whole
from ..component.know import list_known
from ..draws import globally_seeded
from ..errors import Errors
from ..measure.defaults import default_edits
from ..view.stability import StabilityReport, measure_stability
from ..wiring.transformers import names_transformer
from .agreement import agreement_edits
from .choose import Chooser
from .prepare import choose_components, list_heard, prepare, warn_of_unheard
from .texts import Texts, read_texts, split
from .train import train

# The learning rate, and that of what embeds by a transformer.
LEARN_RATE = 0.0005
TRANSFORMER_LEARN_RATE = 0.00005


@dataclass
class Tuning:
    """What came of tuning a pipeline.

    components (List[str]): The components that were tuned.
    texts (int): Number of texts that they were trained on.
    clean (float): How far they say of clean texts that were held out what they were to say,
        from 0 to 1; without gold annotation, what they said before.
    before (Dict[str, float]): The same of edited texts before, by the name of the edit.
    after (Dict[str, float]): The same of edited texts now.
    report (StabilityReport): The stability now, with that from before as its baseline, on
        the texts that were held out.
    """

    components: list[str]
    texts: int
    clean: float
    before: dict[str, float]
    after: dict[str, float]
    report: StabilityReport

    def to_dict(self) -> dict[str, Any]:
        """Return the figures, without the report."""
        return {key: value for key, value in vars(self).items() if key != "report"}


def tune(
    nlp: Language,
    texts: Texts,
    components: str | list[str] | None = None,
    *,
    epochs: int = 4,
    learn_rate: float | None = None,
    keep: float = 0.97,
    seed: int = 0,
    progress: bool = False,
) -> Tuning:
    """Make a trained pipeline steady under typing errors and in texts of another case.

    Components learn to say of an edited copy of a text what the pipeline says of the text,
    or what it is annotated with. Only their embeddings learn: each gets one of its own,
    with the recommended diffusion, and a second one for texts in a single case, those in
    capitals in small letters. What listens to a transformer gets copies of that, which
    takes as much memory again for each. Words that are in neither the texts nor the vocab
    are diffused over the graph of the texts' words, as far as clean texts stay as they were.
    Every other component stays as it is, bit by bit, and so does all that it says.

    nlp (Language): The pipeline, which is modified.
    texts (Union[str, Path, Iterable[Union[str, Doc, Example]]]): The path of a .txt file
        with a text a line, of a .jsonl file with a "text" in each line, of a .spacy file
        or a folder of .spacy files; or texts, or documents or examples with gold annotation. One
        in ten is held out.
    components (Optional[Union[str, List[str]]]): The components to tune. By default all of
        ner, textcat, textcat_multilabel and spancat that have an embedding.
    epochs (int): Passes through the texts, at least one.
    learn_rate (Optional[float]): The learning rate, above 0. By default 0.0005, or 0.00005
        where a component embeds by a transformer.
    keep (float): Share, from 0 to 1, of the agreement on clean texts that must be kept. Less
        of what was learned is kept where it would be missed.
    seed (int): The seed >= 0 of all random choices.
    progress (bool): Whether to show a progress bar.
    RETURNS (Tuning): What came of it. Shows itself as a stability report by its `report`.
    RAISES (ValueError): SD190 to SD193 where texts can't be read, SD194 where components
        can't be tuned, SD195 for a setting that is no number in its bounds, SD197 where texts
        are annotated for some of the components only, SD198 for labels that one doesn't know.
    """
    _check(epochs=epochs, learn_rate=learn_rate, keep=keep, seed=seed)
    names = choose_components(nlp, components)
    known = list_known(nlp)
    corpus = read_texts(nlp, texts, names)
    train_part, held_out = split(corpus.examples)
    before = copy.deepcopy(nlp)
    options: dict[str, Any] = {"epochs": epochs, "learn_rate": learn_rate, "progress": progress}
    with globally_seeded(seed):
        chooser = Chooser(nlp, names, held_out, keep=keep, seed=seed)
        _learn(nlp, chooser, train_part, known, seed=seed, **options)
    after = chooser.measure()
    return Tuning(
        components=names,
        texts=len(train_part),
        clean=after.clean,
        before=chooser.before.edited,
        after=after.edited,
        report=measure_stability(
            nlp,
            held_out,
            {**default_edits(seed), **agreement_edits(seed)},
            baseline=before,
            component=names[0],
            scores=corpus.has_gold,
            seed=seed,
            progress=progress,
        ),
    )


def _learn(
    nlp: Language,
    chooser: Chooser,
    examples: list[Example],
    known: list[str],
    *,
    seed: int,
    learn_rate: float | None,
    **options: Any,
) -> None:
    """Give the components embeddings of their own, train them, and put the best in place."""
    heard = list_heard(nlp)
    docs = [eg.reference for eg in examples]
    embeddings = {name: prepare(nlp, name, docs, known) for name in chooser.names}
    warn_of_unheard(nlp, heard)
    chooser.choose_time()
    chooser.begin(embeddings)
    rate = learn_rate or _choose_rate(embeddings)
    train(nlp, embeddings, examples, seed=seed, learn_rate=rate, check=chooser.check, **options)
    chooser.restore()


def _choose_rate(embeddings: dict[str, Model]) -> float:
    """Choose a learning rate: for transformers the one that spaCy trains them with."""
    nodes = (node for embedding in embeddings.values() for node in embedding.walk())
    return TRANSFORMER_LEARN_RATE if any(map(names_transformer, nodes)) else LEARN_RATE


def _check(**settings: Any) -> None:
    """Raise SD195 for a setting out of its bounds."""
    rate = settings["learn_rate"]
    wanted = {
        "epochs": is_whole(settings["epochs"], least=1),
        "learn_rate": rate is None or (is_number(rate, least=0) and rate > 0),
        "keep": is_number(settings["keep"], least=0, most=1),
        "seed": is_whole(settings["seed"]),
    }
    for setting, is_right in wanted.items():
        if not is_right:
            value = settings[setting]
            raise ValueError(Errors.SD195.format(setting=setting, value=value))
