"""What stands in the tables and sentences of the page."""

from collections.abc import Iterable, Sequence
from statistics import fmean, median
from typing import Any

import srsly

from .curves import Course
from .figures import DISPLACEMENT, RATIOS, TAIL, Key
from .pairs import Difference
from .stats import Stat
from .summary import Gain
from .targets import StudyTarget, Verdict

NOT_RUN, UNKNOWN = "not run", "n/a"
SYMBOLS = {">=": "≥", ">": ">", "<=": "≤"}
# How a target's unit is written: the scale, the format of what was measured, and the suffix.
UNITS = {"points": (100, "+.2f", " points"), "ratio": (1, ".3f", ""), "share": (100, ".0f", "%")}


def show_score(value: float | None, missing: str = NOT_RUN) -> str:
    """Write a score in points: "80.5"."""
    return missing if value is None else f"{100 * value:.1f}"


def show_stat(stat: Stat | None) -> str:
    """Write a score over seeds: "80.5 ± 0.4", without ± if there is but one."""
    if stat is None:
        return NOT_RUN
    deviation = "" if stat.std is None else f" ± {show_score(stat.std)}"
    return show_score(stat.mean) + deviation


def show_pair(stats: Sequence[Stat | None]) -> str:
    """Write the clean and the edited score, and the number of seeds."""
    if stats[0] is None:
        return NOT_RUN
    return f"{' / '.join(map(show_stat, stats))} ({stats[0].n})"


def show_beside(stats: Sequence[Stat | None]) -> str:
    """Write the means of two variants beside each other: "82.3 / 84.1"."""
    return " / ".join(show_score(stat.mean if stat else None, "") for stat in stats).strip(" /")


def show_seeds(stats: Iterable[Stat | None]) -> str:
    """Write the numbers of seeds: "3", or "3 / 3 / 2" if they differ."""
    counts = [str(stat.n if stat else 0) for stat in stats]
    return counts[0] if len(set(counts)) == 1 else " / ".join(counts)


def show_gain(gain: Gain | None) -> str:
    """Write a gain in points, in bold if it is clear, "" if it isn't known."""
    points = show_difference(gain.difference if gain else None)
    return f"**{points}**" if gain and gain.is_clear else points


def show_margin(gain: Gain | None) -> str:
    """Write the interval that a gain lies in: "-3.4 to +1.6", "" if it isn't known."""
    if gain is None or gain.margin is None:
        return ""
    bounds = (gain.difference - gain.margin, gain.difference + gain.margin)
    return " to ".join(map(show_difference, bounds))


def show_difference(value: float | None) -> str:
    """Write a difference of scores in points: "+1.2", "" if it isn't known."""
    return "" if value is None else f"{100 * value:+.1f}"


def show_paired(difference: Difference | None) -> str:
    """Write a difference with its interval: "+1.2 ± 0.8", in bold if that leaves out 0."""
    if difference is None:
        return ""
    points = show_difference(difference.mean)
    if difference.margin is None:
        return points
    words = f"{points} ± {show_score(difference.margin)}"
    return f"**{words}**" if abs(difference.mean) > difference.margin else words


def show_course(course: Course | None) -> str:
    """Write the best score and the mean of those behind it: "64.4 / 50.5"."""
    return "" if course is None else " / ".join(map(show_score, course))


def show_moved(key: Key, stats: Sequence[Stat], against: bool) -> str:
    """Write the mean of a stability figure over data sets.

    key (Key): The figure.
    stats (Sequence[Stat]): The figure on the data sets that have it.
    against (bool): Whether it is relative to the baseline's.
    RETURNS (str): A ratio, a difference in points, or the figure itself.
    """
    if not stats:
        return UNKNOWN
    mean = fmean(stat.mean for stat in stats)
    if against:
        return f"{mean:.2f}" if key[-1] in RATIOS else show_difference(mean)
    return f"{mean:.3f}" if key in (DISPLACEMENT, TAIL) else show_score(mean)


def show_timing(stats: Sequence[Stat]) -> str:
    """Write the median of a timing over data sets, so that a disturbed one doesn't count."""
    return f"{median(stat.mean for stat in stats):.2f}" if stats else UNKNOWN


def show_limit(target: StudyTarget) -> str:
    """Write how a target's value must compare with its limit: "≥ 1 points"."""
    scale, _, suffix = UNITS[target.unit]
    return f"{SYMBOLS[target.sign]} {scale * target.limit:g}{suffix}"


def show_value(target: StudyTarget, value: float) -> str:
    """Write what was measured of a target, with its unit."""
    scale, form, suffix = UNITS[target.unit]
    return f"{scale * value:{form}}{suffix}"


def show_bound(verdict: Verdict) -> str:
    """Write what a target could have been at best, "" where that isn't known."""
    return "" if verdict.bound is None else show_value(verdict.target, verdict.bound)


def show_verdict(verdict: Verdict) -> str:
    """Write what was measured, on how many pairs if not on all, and whether that is enough."""
    if verdict.value is None:
        return UNKNOWN
    value = show_value(verdict.target, verdict.value)
    known = "" if verdict.cells == verdict.planned else f" ({verdict.cells} of {verdict.planned})"
    return f"{value}{known}, {'met' if verdict.met else '**missed**'}"


def show_names(names: Sequence[str]) -> str:
    """Write names as a list in a sentence."""
    *most, last = (f"`{name}`" for name in names)
    return f"{', '.join(most)} and {last}" if most else last


def show_apart(points: float) -> str:
    """Write a difference in words: "1.2 points above"."""
    return f"{abs(100 * points):.1f} points {'below' if points < 0 else 'above'}"


def show_settings(settings: dict[str, Any]) -> str:
    """Write the settings of a variant: "batch_words: 2000; words (time: 0.0)"."""
    return "; ".join(show_item(*item) for item in settings.items()) or "none"


def show_item(name: str, value: Any) -> str:
    """Write a setting and its name."""
    if not isinstance(value, dict):
        return f"{name}: {value if isinstance(value, str) else srsly.json_dumps(value)}"
    if any(key.startswith("@") for key in value):
        return f"{name}: {show_function(value)}"
    return f"{name} ({', '.join(show_item(*item) for item in value.items())})"


def show_function(block: dict[str, Any]) -> str:
    """Write a registered function with its arguments, but for those that are None."""
    name = next(value for key, value in block.items() if key.startswith("@"))
    arguments = [
        show_item(key, value)
        for key, value in block.items()
        if value is not None and not key.startswith("@")
    ]
    return f"`{name}` ({', '.join(arguments)})" if arguments else f"`{name}`"
