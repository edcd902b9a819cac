"""The settings of architectures with a graph of words."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, NoReturn

from ..checks import is_number, is_whole
from ..errors import Errors

# A new word's own letters count nothing long before that, and weights are far from an overflow.
LONGEST = 1_000_000_000


class Rule(NamedTuple):
    """What a setting may be.

    fits (Callable[[Any], bool]): Tells whether a value fits.
    needs (str): The same in words.
    """

    fits: Callable[[Any], bool]
    needs: str


def check_settings(owner: str, settings: Mapping[str, Any]) -> None:
    """Raise SD030 if a setting has a value that it can't have.

    owner (str): The architecture that has the settings.
    settings (Mapping[str, Any]): Its settings; those that it shares with no other are passed over.
    """
    for setting, rule in RULES.items():
        if setting in settings and not rule.fits(settings[setting]):
            _refuse(owner, setting, settings[setting], rule.needs)
    if settings.get("word_dropout") and not settings["min_count"]:
        needs = "0 where 'min_count' is 0, for then no word is unknown"
        _refuse(owner, "word_dropout", settings["word_dropout"], needs)


def _refuse(owner: str, setting: str, value: Any, needs: str) -> NoReturn:
    details = {"owner": owner, "setting": setting, "value": value}
    raise ValueError(Errors.SD030.format(**details, needs=needs))


def _are_words(values: list[Any]) -> bool:
    return all(isinstance(value, str) and len(value.split()) == 1 for value in values)


def _are_kept(keep: Any) -> bool:
    return keep is None or (isinstance(keep, list) and _are_words(keep))


def _are_pairs(pairs: Any) -> bool:
    is_dict = isinstance(pairs, dict)
    return pairs is None or (is_dict and _are_words([*pairs, *pairs.values()]))


RULES = {
    "time": Rule(
        lambda time: is_number(time, least=0, most=LONGEST),
        f"a number from 0, which switches diffusion over the graph of words off, to {LONGEST:,}",
    ),
    "distance": Rule(lambda distance: is_whole(distance, least=1, most=2), "1 or 2"),
    "min_count": Rule(is_whole, "a whole number of at least 0"),
    "word_dropout": Rule(lambda rate: is_number(rate, least=0), "a number of at least 0"),
    "init_std": Rule(lambda std: is_number(std, least=0), "a number of at least 0"),
    "keep": Rule(_are_kept, "a list of single words, without spaces"),
    "pairs": Rule(_are_pairs, "a dictionary of single words, without spaces"),
    "in_training": Rule(lambda value: isinstance(value, bool), "true or false"),
}
