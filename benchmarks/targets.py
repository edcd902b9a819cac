"""What the package aims at, and what was measured."""

from collections.abc import Callable
from dataclasses import dataclass

from reporting.targets import Target

from .figures import Json, fit_exponent, ratio
from .pipelines import BASELINE, STABLE

# From this size on, fixed costs no longer hide how time grows.
GROWN = 10_000

# Below this size, a few small arrays of any number are many times the vectors.
SMALL = 1_000
EACH = "ours, a time for each channel"


@dataclass(frozen=True)
class Measured(Target):
    """A target, and what was measured.

    values (Dict[str, float]): The values, by the case that they were measured in.
    """

    values: dict[str, float]

    @property
    def verdict(self) -> str:
        """ "met", "missed", or in how many cases it is met."""
        return self.judge(*self.values.values())


def get_case(comparison: Json) -> str:
    """Name what an operator was measured on."""
    return f"{comparison['text']}, {comparison['width']}"


def judge_operators(results: Json) -> list[Measured]:
    """Targets that are judged for each text and width."""
    return [
        _speedup(results, "heat", "ours", "expm_multiply (SciPy)", 50),
        _speedup(results, "heat", "ours", "Heat filter (PyGSP)", 20),
        _speedup(results, "implicit", "ours", "splu (SciPy)", 20),
        _cost(results, "heat", "ours", "copy", 15),
        _cost(results, "heat", EACH, "copy", 15),
        _cost(results, "implicit", "ours", "copy", 60),
        _cost(results, "heat", "ours, backward", "ours", 1.5),
        _cost(results, "heat", f"{EACH}, backward", EACH, 1.5),
        _cost(results, "implicit", "ours, backward", "ours", 1.5),
        _cost(results, "multiscale", "ours, backward", "ours", 1.5),
        *(
            Measured(
                f"{operator}: largest error",
                "<=",
                1e-5,
                {
                    get_case(comparison): max(
                        contestant["error"]
                        for contestant in comparison["contestants"]
                        if contestant["name"] in ("ours", EACH)
                    )
                    for comparison in results["operators"]
                    if comparison["operator"] == operator
                },
            )
            for operator in ("heat", "implicit")
        ),
    ]


def judge_pipelines(results: Json) -> list[Measured]:
    """Targets of whole pipelines, as ratios to the one without diffusion."""
    prediction = results["pipelines"]["prediction"]
    training = results["pipelines"]["training"]
    speeds = {
        name: ratio(prediction, BASELINE, name) for name in ("heat", "implicit", "multiscale")
    }
    steps = {name: ratio(training, name, BASELINE) for name in (*speeds, STABLE)}
    title = "words per second, as a share of those without diffusion"
    return [
        Measured(title, ">=", 0.98, {"heat": speeds["heat"]}),
        Measured(title, ">=", 0.97, {"implicit": speeds["implicit"]}),
        Measured(
            "training step, as a multiple of one without diffusion",
            "<=",
            1.04,
            {name: steps[name] for name in ("heat", "implicit")},
        ),
        Measured("the same with stability training", "<=", 2.2, {STABLE: steps[STABLE]}),
    ]


def judge_scaling(results: Json) -> list[Measured]:
    """Targets of growth, each judged by the worst figure of each operator."""
    curves, document = results["scaling"]["curves"], results["scaling"]["document"]
    names = ("heat", "implicit", "multiscale")

    def worst(figure: Callable[[list[Json]], float], operator: str) -> float:
        return max(figure(curve["points"]) for curve in curves if curve["operator"] == operator)

    def exponent(points: list[Json]) -> float:
        return max(fit_exponent(points), fit_exponent(points, GROWN))

    def memory(points: list[Json]) -> float:
        return max(point["memory"] for point in points if point["tokens"] >= SMALL)

    return [
        Measured(
            "exponent of time in tokens",
            "<=",
            1.05,
            {name: worst(exponent, name) for name in names},
        ),
        Measured(
            f"memory, as a multiple of the vectors', from {SMALL:,} tokens on",
            "<=",
            4,
            {name: worst(memory, name) for name in names},
        ),
        Measured(
            f"time for one document of {document['tokens']:,} tokens, "
            "as a multiple of its embedding's",
            "<=",
            0.1,
            {name: ratio(document["contestants"], name, "embedding") for name in names},
        ),
    ]


def _speedup(results: Json, operator: str, name: str, other: str, limit: float) -> Measured:
    """How many times faster one contestant is than another."""
    title = f"{operator}: {name}, times faster than {other}"
    return Measured(title, ">=", limit, _ratios(results, operator, other, name))


def _cost(results: Json, operator: str, name: str, other: str, limit: float) -> Measured:
    """A contestant's time as a multiple of another's."""
    title = f"{operator}: {name}, as a multiple of {'a copy' if other == 'copy' else other}"
    return Measured(title, "<=", limit, _ratios(results, operator, name, other))


def _ratios(results: Json, operator: str, name: str, base: str) -> dict[str, float]:
    return {
        get_case(comparison): ratio(comparison["contestants"], name, base)
        for comparison in results["operators"]
        if comparison["operator"] == operator
    }
