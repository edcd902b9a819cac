"""What the figures were measured with."""

import numpy

from reporting.machine import describe_machine, list_versions

PACKAGES = ("numpy", "scipy", "spacy", "thinc", "pygsp")


def describe_environment() -> dict[str, str | int]:
    """Return the machine's processor and the versions of what takes part."""
    blas = numpy.show_config(mode="dicts")["Build Dependencies"]["blas"]
    return {
        **describe_machine(),
        "blas": f"{blas['name']} {blas['version']}",
        **list_versions(PACKAGES),
    }
