"""What counts as a number in a setting. True and false are none."""

import math
from numbers import Integral, Real
from typing import Any, TypeGuard


def is_number(value: Any, *, least: float = -math.inf, most: float = math.inf) -> TypeGuard[float]:
    """Tell whether a value is a finite number within bounds.

    value (Any): The value of a setting.
    least (float): The least number allowed.
    most (float): The greatest number allowed.
    RETURNS (bool): Whether it is one.
    """
    is_real = isinstance(value, Real) and not isinstance(value, bool)
    return is_real and math.isfinite(value) and least <= value <= most


def is_whole(value: Any, *, least: int = 0, most: float = math.inf) -> TypeGuard[int]:
    """Tell whether a value is a whole number within bounds, as an integer.

    value (Any): The value of a setting.
    least (int): The least number allowed.
    most (float): The greatest number allowed.
    RETURNS (bool): Whether it is one.
    """
    is_integral = isinstance(value, Integral) and not isinstance(value, bool)
    return is_integral and least <= int(value) <= most
