"""Save a trained pipeline with fixed heat diffusion in it, which it was not trained with."""

import warnings
from pathlib import Path
from typing import Annotated

import spacy
import typer
from wasabi import msg

from spacy_stablediff import attach


def main(
    name: Annotated[str, typer.Argument(help="Name or path of the pipeline")],
    output: Annotated[Path, typer.Argument(help="Folder to save it to")],
    time: Annotated[float, typer.Option(help="Diffusion time")],
    component: Annotated[
        str, typer.Option(help="Component whose own embedding to diffuse, if not doc.tensor")
    ] = "",
) -> None:
    """Diffuse what the pipeline's tok2vec writes to doc.tensor, or a component's own vectors."""
    nlp = spacy.load(name)
    heat = {
        "@architectures": "spacy-stablediff.HeatDiffusion.v1",
        "time": time,
        "learn_time": False,
    }
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"\[SDW01\]")  # time 0 is the yardstick here
        if component:
            attach(nlp, component, diffusion=heat)
        else:
            nlp.add_pipe("stablediff", config={"model": heat}, after="tok2vec")
    output.parent.mkdir(parents=True, exist_ok=True)
    nlp.to_disk(output)
    msg.good(f"Saved '{name}' with diffusion at time {time} to {output}")


if __name__ == "__main__":
    typer.run(main)
