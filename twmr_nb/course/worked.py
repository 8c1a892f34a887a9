"""The worked experiments of the reward shaping lab: their questions and settings, and their measured results.

`python -m twmr_nb.course.worked` trains what is missing and writes the results that come with the package.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tyro

from twmr_nb.config.presets import QUICK_PRESET
from twmr_nb.files import locked, read_json, write_text
from twmr_nb.lab.comparison import JUDGED, Comparison, Trial
from twmr_nb.lab.experiment import Variant, compare, planned, variant
from twmr_nb.lab.tasks import ROOT
from twmr_nb.markup import shown
from twmr_nb.runs.export import rounded
from twmr_nb.runs.identity import digest
from twmr_nb.task.rewards import reward_term
from twmr_nb.task.transition import Transition
from twmr_nb.types import Array, ConfigError, Record

RESULTS = Path(__file__).with_name("experiments.json")
STEPS, SEEDS, EPISODES = 150_000, tuple(range(8)), 100
LOGGED = ("global_step", "success_rate", "average_x", "value_loss", "frontier")
POINTS, DIGITS = 25, 4  # kept of every curve; of every number
DRAWN = {"scene": "step", "step_height": 0.03, "step_height_max": 0.07}
RISING = DRAWN | {"curriculum_start": 0.04}
RISING_TO_5 = {"scene": "step", "step_height": 0.05, "step_height_max": 0.05, "curriculum_start": 0.03}


@dataclass(frozen=True)
class Worked:
    """One experiment: variant -> what differs from the `flip` preset; the first is the baseline."""

    question: str
    variants: Mapping[str, Variant | Mapping[str, Any]]
    step_height: float | None = None
    """Height of the step on which all are judged [m]; each in its own world when not given."""


def height(t: Transition) -> Array:
    """Being up, in every step."""
    return t.z


def height_gained(t: Transition) -> Array:
    """Going up; coming down takes it back."""
    return (t.z - t.z_before) / t.ctrl_dt


HEAVY = {"extension_penalty": 0.05}
DEARER = {"forward_weight": 10.0, "success_bonus": 100.0, "control_cost": 0.01, "extension_penalty": 0.01}
WORKED = {
    "scale": Worked(
        "The same reward, all of it ten times as much: what changes?",
        {
            "as it is": {},
            "ten times": DEARER,
            "ten times, critic 1/100": DEARER | {"vf_coef": 0.005},
            "ten times, normalised": DEARER | {"normalize_returns": True},
        },
    ),
    "sparse": Worked(
        "Does a bonus for passing teach passing, with the way paid for as well and alone?",
        {"way and bonus": {}, "way only": {"success_bonus": 0.0}, "bonus only": {"forward_weight": 0.0}},
    ),
    "height": Worked(
        "A step is climbed by going up. Pay for height, or for height gained?",
        {
            "as it is": {},
            "height": variant([reward_term(height, weight=5.0)]),
            "height gained": variant([reward_term(height_gained, weight=1.0)]),
        },
    ),
    "extension": Worked(
        "Does asking for extended legs help, and what does asking for folded ones do?",
        {"extended, 0.001": {}, "extended, 0.05": HEAVY, "folded, 0.05": HEAVY | {"extend_mode": "opposite"}},
    ),
    "control_cost": Worked(
        "Does a price on torque save energy without costing success?",
        {f"price {price:g}": {"control_cost": price} for price in (0.001, 0.01, 0.03, 0.1, 0.3)},
    ),
    "curriculum": Worked(
        "For a step of 6 cm: train on 5 cm, on any height, or on rising heights?",
        {
            "5 cm only": {"scene": "step", "step_height": 0.05},
            "3 to 7 cm": DRAWN,
            "rising from 4 cm": RISING,
        },
        step_height=0.06,
    ),
    "upright": Worked(
        "It passes by turning over. What keeps it upright, and does it still pass?",
        {
            "as it is": {},
            "ends at 1 rad": {"max_tilt": 1.0},
            "upright factor": {"upright_factor": True},
            "both, rising steps": {"max_tilt": 1.0, "upright_factor": True} | RISING_TO_5,
        },
        step_height=0.04,
    ),
}


def measured(name: str, path: Path | None = None) -> Comparison:
    """The shipped results of a worked experiment; without trials where it has not been measured as it is asked now."""
    if name not in list(WORKED):  # it may be of any type
        raise ConfigError(f"{shown(name)} is no worked experiment: choose {', '.join(map(repr, WORKED))}.")
    kept = read_json(path or RESULTS)
    if kept.get("questions", {}).get(name) != digest(question(WORKED[name], kept.get("steps", STEPS))):
        return Comparison(())
    trials = kept["experiments"][name]
    return Comparison(tuple(Trial(**trial | {"records": rows(trial["records"])}) for trial in trials))


def question(worked: Worked, steps: int) -> dict[str, Any]:
    """What an experiment asks: every setting and own term of every variant, and on which step it is judged."""
    variants = []
    for name, given in worked.variants.items():
        config, terms = planned(given, 0, QUICK_PRESET, steps)
        own = [[term.name, term.weight, term.source] for term in terms]
        variants.append([name, config.env.to_dict(), config.ppo.to_dict(), *own])
    return {"variants": variants, "step_height": worked.step_height}


def measure(
    only: Sequence[str] = tuple(WORKED),
    steps: int = STEPS,
    seeds: Sequence[int] = SEEDS,
    episodes: int = EPISODES,
    out: Path = RESULTS,
    root: Path = ROOT,
) -> None:
    """Train and judge the worked experiments and write their results. Run it again to go on after a stop.

    only: names out of WORKED; what was measured of the others is kept. steps: length of each training.
    """
    for name in only:
        worked = WORKED[name]
        comparison = compare(
            worked.variants, seeds, steps=steps, episodes=episodes, step_height=worked.step_height, root=root
        )
        trials = [
            {"variant": t.variant, "seed": t.seed, "records": thinned(t.records), "result": judged(t.result)}
            for t in comparison.trials
        ]
        out.parent.mkdir(parents=True, exist_ok=True)
        with locked(out):
            kept = read_json(out)
            data = {
                "steps": steps,
                "questions": kept.get("questions", {}) | {name: digest(question(worked, steps))},
                "experiments": kept.get("experiments", {}) | {name: trials},
            }
            write_text(out, json.dumps(data, separators=(",", ":")) + "\n")
        print(f"\n{name}: {worked.question}\n{comparison.verdict()}")


def judged(result: Mapping[str, Any]) -> dict[str, float]:
    """Of an evaluation, what a comparison shows."""
    return rounded({key: result[key] for key in (*JUDGED, "episodes")}, DIGITS)


def thinned(records: Sequence[Record]) -> dict[str, list[float]]:
    """A few records of a curve, the last among them: column -> values, of the quantities that are shown."""
    stride = -(-len(records) // POINTS) or 1
    kept = [rounded({k: r[k] for k in LOGGED if k in r}, DIGITS) for r in records[::-1][::stride][::-1]]
    return {key: [record[key] for record in kept] for key in kept[0]}


def rows(columns: Mapping[str, Sequence[float]]) -> list[Record]:
    """The inverse of thinned: a record for each of the points."""
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


if __name__ == "__main__":
    tyro.cli(measure)
