"""What figures were measured with: the machine, the versions, the number of threads."""

import os
import platform
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

# Numerical libraries read these when they are first imported.
ONE_THREAD = {
    f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL", "BLIS", "VECLIB")
}


def describe_machine() -> dict[str, str | int]:
    """Return the name of the processor, its number of cores, and the version of Python."""
    return {
        "processor": _get_processor(),
        "cores": os.cpu_count() or 1,
        "python": platform.python_version(),
    }


def list_versions(packages: Iterable[str]) -> dict[str, str]:
    """Return the installed version of each package."""
    return {package: version(package) for package in packages}


def _get_processor() -> str:
    """Name of the processor as the kernel gives it, where it does."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text(encoding="utf8").splitlines() if path.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()
