"""What the figures were measured with."""

import os
import platform
from importlib.metadata import version
from pathlib import Path

import numpy

PACKAGES = ("numpy", "scipy", "spacy", "thinc", "pygsp")


def describe_environment() -> dict[str, str | int]:
    """Return the machine's processor and the versions of what takes part."""
    blas = numpy.show_config(mode="dicts")["Build Dependencies"]["blas"]
    return {
        "processor": _get_processor(),
        "cores": os.cpu_count() or 1,
        "python": platform.python_version(),
        "blas": f"{blas['name']} {blas['version']}",
        **{package: version(package) for package in PACKAGES},
    }


def _get_processor() -> str:
    """Name of the processor as the kernel gives it, where it does."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text(encoding="utf8").splitlines() if path.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()
