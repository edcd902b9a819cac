"""Check that a packaged pipeline works where nothing but it and this package is installed."""

import os
import tempfile
import venv
from pathlib import Path
from typing import Annotated

import typer
from spacy.util import run_command, working_dir
from wasabi import msg

RUN_PIPELINE = Path(__file__).resolve().with_name("run_pipeline.py")


def main(
    package: Annotated[Path, typer.Argument(help="Folder of this package", exists=True)],
    wheel: Annotated[Path, typer.Argument(help="Wheel of the pipeline", exists=True)],
    text: Annotated[str, typer.Argument(help="Text to run the pipeline on")],
) -> None:
    """Install both into a fresh environment, load the pipeline there by name and run it."""
    name = wheel.name.split("-")[0]
    with tempfile.TemporaryDirectory() as folder:
        msg.info("Creating a fresh virtual environment")
        python = create_environment(Path(folder) / "venv")
        msg.info(f"Installing {wheel.name} and this package into it: about a minute")
        install(python, package, wheel)
        # Isolated and elsewhere, so that Python finds nothing but what is installed.
        with working_dir(folder):
            run_command([python, "-I", str(RUN_PIPELINE), name, text])


def create_environment(folder: Path) -> str:
    """Create a virtual environment.

    folder (Path): Its folder.
    RETURNS (str): The path of its interpreter.
    """
    builder = venv.EnvBuilder(with_pip=True, symlinks=os.name != "nt")
    builder.create(folder)
    return builder.ensure_directories(folder).env_exe


def install(python: str, *packages: Path) -> None:
    """Install packages and what they need into an environment.

    python (str): The interpreter of the environment.
    *packages (Path): Wheels, or folders with a pyproject.toml.
    """
    paths = [str(path.resolve()) for path in packages]
    run_command([python, "-m", "pip", "install", "--quiet", *paths])


if __name__ == "__main__":
    typer.run(main)
