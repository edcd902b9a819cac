"""Targets, and whether what was measured meets them."""

import operator
from dataclasses import dataclass

SIGNS = {">=": operator.ge, ">": operator.gt, "<=": operator.le}


@dataclass(frozen=True)
class Target:
    """What a figure should reach.

    title (str): What is measured.
    sign (str): How it must compare with the limit: ">=", ">" or "<=".
    limit (float): The limit.
    """

    title: str
    sign: str
    limit: float

    def is_met(self, value: float) -> bool:
        """Tell whether a value meets the target."""
        return SIGNS[self.sign](value, self.limit)

    def judge(self, *values: float) -> str:
        """Judge what was measured in one case or in several.

        *values (float): The value of each case.
        RETURNS (str): "met", "missed", or in how many cases the target is met.
        """
        met = sum(map(self.is_met, values))
        if met in (0, len(values)):
            return "met" if met else "missed"
        return f"met in {met} of {len(values)}"
