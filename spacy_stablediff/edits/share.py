"""Which texts of a batch are edited: a share of them, drawn anew each time."""

from typing import Any

import numpy

from ..checks import is_number
from ..errors import Errors


def check_share(name: str, value: Any) -> float:
    """Return a share as a float.

    name (str): The component that has it as a setting.
    value (Any): Its value.
    RETURNS (float): The share.
    RAISES (ValueError): SD077 unless it is a number above 0 and up to 1.
    """
    if not is_number(value, least=0, most=1) or value == 0:
        raise ValueError(Errors.SD077.format(name=name, value=value))
    return float(value)


def draw_share(share: float, size: int) -> list[bool]:
    """Draw which texts are edited.

    share (float): The probability, from 0 to 1, of each.
    size (int): How many texts there are.
    RETURNS (List[bool]): Whether each is, drawn by numpy's global generator, which
        `spacy train` seeds; where all are, nothing is drawn.
    """
    if share == 1:
        return [True] * size
    drawn: list[bool] = (numpy.random.random(size) < share).tolist()
    return drawn
