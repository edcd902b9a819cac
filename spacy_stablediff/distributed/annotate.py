"""Annotating a dataset of Ray Data with a pipeline."""

from pathlib import Path
from typing import Any

from ray.data import ActorPoolStrategy, Dataset

from .checks import (
    Concurrency,
    Function,
    OnError,
    OutputName,
    check_concurrency,
    check_count,
    check_model,
    check_on_error,
    check_output,
)
from .cluster import count_cpus, share_cpus
from .worker import ONE_THREAD, Annotator

BATCH_SIZE = 256


def annotate(
    dataset: Dataset,
    model: str | Path,
    *,
    text: str = "text",
    output: OutputName | Function = "entities",
    batch_size: int = BATCH_SIZE,
    concurrency: Concurrency | None = None,
    on_error: OnError = "raise",
) -> Dataset:
    """Run a pipeline over a dataset: any pipeline, on all machines of a Ray cluster.

    Each worker is a process of its own, which loads the pipeline once and runs it on one
    thread. A worker that dies is replaced, and what it was at is done again. Within a batch
    rows keep their order; across batches they do so if
    `ray.data.DataContext.get_current().execution_options.preserve_order` is set. Batches of
    the same rows give exactly what `nlp.pipe` gives; cut otherwise, scores may differ in
    their last digits, as they do with the batch size of `nlp.pipe`.

    dataset (ray.data.Dataset): The texts. Nothing is computed before the result is used.
    model (Union[str, Path]): The name of the pipeline's package, or its path. Workers load
        it by that, so it must be there on all machines.
    text (str): The column of the texts.
    output (Union[str, Callable[[Doc], Dict[str, Any]]]): What to keep. "entities": a column
        `entities`, a list of {"start", "end", "label", "text"} each, in characters. "cats": a
        column `cats`, the score of each category. "docbin": a row for each batch, with a
        `DocBin` as bytes in the column `docbin`, and a list for each other column. Or a
        function that makes a dict of new columns of a Doc, which is gone afterwards.
    batch_size (int): Number of documents that the pipeline works on at once, >= 1.
    concurrency (Optional[Union[int, Tuple[int, int]]]): The number of workers, or the least
        and the most. By default as many as the cluster has CPUs.
    on_error (str): "raise", or "column" to keep a text that fails, with the message in the
        column `error`, which is null for the others.
    RETURNS (ray.data.Dataset): The dataset, with what is kept.
    RAISES (ValueError): SD171 or SD172 if there is no such pipeline, SD173 to SD175 for
        other settings. While the result is computed, within an error of Ray's: SD176 for a
        text that fails, SD177 or SD187 for a column that is missing or there already, SD184
        or SD199 for what a function returns.
    """
    model = check_model(model)
    check_output(output)
    check_on_error(on_error)
    check_count("batch_size", batch_size)
    least, most = check_concurrency(count_cpus() if concurrency is None else concurrency)
    settings: dict[str, Any] = {"text": text, "output": output, "on_error": on_error}
    return dataset.map_batches(
        Annotator,
        fn_constructor_args=(model,),
        fn_constructor_kwargs=settings,
        batch_size=batch_size,
        batch_format="pyarrow",
        compute=ActorPoolStrategy(min_size=least, max_size=most),
        num_cpus=share_cpus(most),
        runtime_env={"env_vars": ONE_THREAD},
    )
