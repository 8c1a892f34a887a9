"""Checks of lesson 07."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from twmr_nb.course.checks.verdict import Verdict, as_number, check, judge_number, right, wrong
from twmr_nb.draw.tradeoff import front
from twmr_nb.episodes.intervals import SURE, seeds_needed
from twmr_nb.lab.comparison import LESS, Comparison, counted, known, measure
from twmr_nb.markup import one_line, shown


@check
def trainings_of(answer: Any, grid: Mapping[str, Sequence[Any]], seeds: int) -> Verdict:
    """07: how many trainings a grid takes, setting -> its values, with so many seeds of each point."""
    values = [len(each) for each in grid.values()]
    points = math.prod(values)
    return judge_number(
        answer,
        points * seeds,
        f"{' × '.join(map(str, values))} = {counted(points, 'point')}, and {counted(seeds, 'seed')} of each: "
        f"{points * seeds}.",
        mistakes=[
            (points, "These are the points of the grid. Each is trained with every seed."),
            (sum(values) * seeds, "A grid has every *combination* of the values: multiply, do not add."),
            (sum(values), "A grid has every *combination* of the values: multiply, do not add. Then the seeds."),
            ((sum(values) - len(values) + 1) * seeds, "That is one change at a time: a grid has the combinations too."),
            (points**seeds, "A point's seeds are trained side by side: multiply by their number."),
        ],
        otherwise="Multiply how many values each setting has, and then by the seeds.",
        tolerance=0.0,
        example="8",
    )


@check
def seeds_for(answer: Any, questions: int) -> Verdict:
    """07: the fewest seeds of each recipe by which one of so many questions at once can be answered at all."""
    fewest = seeds_needed(questions)
    count = as_number(answer)
    if count is not None and count > fewest and count == int(count):
        return wrong(f"{count:g} are enough, but so are fewer.")
    short = f"Count up n until {questions} · 2 / C(2n, n) is {1 - SURE:.2g} or less."
    if count is not None and 1 <= count < fewest and count == int(count):
        chance = least(int(count))
        short = f"A perfect order has p = {chance:.2g}; times {questions} that is {questions * chance:.2g}: too much."
    return judge_number(
        answer,
        fewest,
        f"With {fewest} of each a perfect order has p = {least(fewest):.2g}; times {questions} that is "
        f"{questions * least(fewest):.2g}, not above {1 - SURE:.2g}. With fewer nothing can be told.",
        otherwise=short,
        tolerance=0.0,
        example="3",
    )


def least(seeds: int) -> float:
    """The smallest p that so many seeds of each can have: two of all orders are perfect."""
    return 2 / math.comb(2 * seeds, seeds)


@check
def on_the_front(answer: Any, comparison: Comparison, keys: Sequence[str] = ("mean_length", "effort")) -> Verdict:
    """07: the names of the variants that no other one beats in both medians."""
    names = comparison.variants
    given = [answer] if isinstance(answer, str) else answer
    try:
        chosen = {name.strip() for name in given}
    except (TypeError, AttributeError):
        return wrong(f"`{shown(answer)}` is no list of names: give one like `[{names[0]!r}]`.")
    if strange := sorted(chosen - set(names)):
        return wrong(f"`{one_line(strange[0])}` is none of the variants: take names from `comparison.variants`.")
    worth = np.array([[float(np.median(known(comparison.results(key)[name]))) for key in keys] for name in names])
    better = worth * [-1 if key in LESS else 1 for key in keys]
    best = {names[i] for i in front(better)}
    for i, name in enumerate(names):
        if name in chosen - best:
            others = (better >= better[i]).all(axis=1) & (better > better[i]).any(axis=1)
            other = int(np.flatnonzero(others)[0])
            numbers = ", ".join(
                f"{measure(key)[0]} {theirs:.4g} against {ours:.4g}"
                for key, theirs, ours in zip(keys, worth[other], worth[i], strict=True)
            )
            return wrong(f"*{one_line(name)}* is beaten by *{one_line(names[other])}*: {numbers}.")
    if missing := len(best - chosen):
        return wrong(f"All of these are on it, but {missing} more {'is' if missing == 1 else 'are'} beaten by nothing.")
    return right(f"{counted(len(best), 'variant')} of {len(names)}: each other one is beaten in both by one of these.")


@check
def minutes_on(answer: Any, trainings: int, minutes: float, cores: int) -> Verdict:
    """07: how many minutes so many trainings take on so many cores, one at a time on each, `minutes` each."""
    waves = math.ceil(trainings / cores)
    return judge_number(
        answer,
        waves * minutes,
        f"{trainings} on {cores} cores are {counted(waves, 'wave')}, each as long as one training: "
        f"{waves * minutes:.3g} minutes.",
        mistakes=[
            (trainings * minutes / cores, "A core trains one at a time: while the last ones train, other cores wait."),
            (trainings * minutes, "That is on one core, one after the other."),
            (minutes, f"That is one wave: it would take {trainings} cores."),
            (trainings // cores * minutes, "The last wave is not full, but takes its time as well."),
            (waves, "These are the waves: how long does each take?"),
        ],
        otherwise="How many waves are it, if each core trains one at a time? Each is as long as one training.",
        example="30",
        unit="min",
    )
