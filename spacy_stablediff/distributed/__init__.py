"""Pipelines on more than one machine: Ray hands out the work, spaCy does it.

Needs Ray, which the rest of the package never imports.
"""

from importlib.util import find_spec

from ..errors import Errors

# A folder of that name is found too, but has no origin.
if (found := find_spec("ray")) is None or found.origin is None:
    raise ImportError(Errors.SD170)

from .annotate import annotate
from .measure import measure

__all__ = ["annotate", "measure"]
