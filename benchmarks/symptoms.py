"""How often each symptom is named in healthy and in sick trainings: `python -m benchmarks.symptoms docs/symptoms.md`.

Trains thirty of each, every one an ordinary run in symptoms/ among the runs (half an hour on an idle core). Stopped,
the same command goes on where it was; once all are trained it only reads. The page is written after each training.
"""

import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import count, zip_longest
from typing import Any

import numpy as np

from twmr_nb.config.presets import QUICK_PRESET
from twmr_nb.course.checks.training import PATIENTS
from twmr_nb.files import ready_file, write_text
from twmr_nb.lab.experiment import Variant, planned, variant
from twmr_nb.lab.tasks import run_in
from twmr_nb.runs.places import RUNS
from twmr_nb.runs.run import Run
from twmr_nb.runs.symptoms import SIGNS
from twmr_nb.task.rewards import reward_term
from twmr_nb.task.transition import Transition
from twmr_nb.types import Array, ConfigError, TrainingDiverged

ROOT = RUNS / "symptoms"
HEALTHY, SICK = 200, range(300, 303)  # seeds: the first of the healthy, all of the sick
PAGE = """# How often each symptom is named

`run.symptoms` names what the log of a training shows ([twmr_nb/runs/symptoms.py](../twmr_nb/runs/symptoms.py)): in the
live view as badges, in `twmr train` as a line when one is noticed. They are audits, not alarms. This page is written by

```sh
python -m benchmarks.symptoms docs/symptoms.md
```

which trains the preset `{preset}`, {steps} steps each: as it is, seeds from {first} on, until {count} of them pass in
at least {passes} of their last hundred episodes; and with ten sicknesses, three seeds each. The thresholds were set on
older trainings, but for those of driving, of the way that remains and of the back (`BUSY`, `NOWHERE`, `ON_BACK`), which
were set on the first seeds of these.{unfinished}

{table}

**{clean} of {well} healthy trainings show no symptom.** (Looked at by hand: nor does any of twenty others, on which no
threshold was set: `twmr train --seed S`, S from 220 to 239, the trainings of the default in
[policies.md](policies.md).) A symptom that is named in none of these trainings was not shown to find anything.

"Healthy, but unlucky" are the seeds that were left out: the same settings, but fewer than {passes} pass.

## By sickness

{sick}

A symptom is noticed when it holds in four of five updates of a tenth of the training (five updates at least), and what
the robots do counts from the second third of a training on. Where more than half of the episodes pass, nobody is asked
how fast, or for what.
"""
STEPS, COUNT = 200_000, 30  # of each training; of healthy ones
PASSES = 0.5  # share of its last episodes that a healthy one passes


def onwards(t: Transition) -> Array:
    """Pays for driving ahead and takes nothing for driving back, so that there and back pays without end."""
    return np.maximum(t.x - t.x_before, 0) / t.ctrl_dt


def upside_down(t: Transition) -> Array:
    """Pays for lying on the back, and costs nothing before."""
    return np.maximum(-t.upright, 0)


TOO_HIGH: dict[str, Any] = {"scene": "step", "step_height": 0.15}  # m
SICKNESSES: Mapping[str, Variant] = {
    "almost no noise (lesson 04, A)": variant(**PATIENTS["A"]),
    "torque costs too much (lesson 04, B)": variant(**PATIENTS["B"]),
    "learning rate too high (lesson 04, C)": variant(**PATIENTS["C"]),
    "to be alive pays more than to pass": variant(alive_bonus=1.0),
    "legs out are forbidden": variant(extension_penalty=0.5, gate_mode="none"),
    "gradients unbounded": variant(learning_rate=0.03, max_grad_norm=1000.0, vf_coef=10.0, anneal_lr=False),
    "a step too high to climb": variant(**TOO_HIGH),
    "before it, driving ahead pays and back is free": variant([reward_term(onwards)], forward_weight=0.0, **TOO_HIGH),
    "to lie on the back pays": variant([reward_term(upside_down)]),
    "hasty actions cost too much": variant(action_rate_penalty=0.5),
}


def healthy_runs() -> Iterator[Run]:
    """Trained from one seed after the other, until enough of them pass."""
    passing = 0
    for seed in count(HEALTHY):
        if passing == COUNT:
            return
        run = trained(Variant({}), seed)
        passing += passes(run)
        yield run


def trained(given: Variant, seed: int) -> Run:
    """Its run, trained to its end."""
    run = run_in(ROOT, *planned(given, seed, QUICK_PRESET, STEPS))
    if run.state not in ("finished", "failed"):
        with suppress(TrainingDiverged):  # that is how some end
            run.train()
    return run


def passes(run: Run) -> bool:
    return run.records[-1]["success_rate"] >= PASSES


def report(healthy: Sequence[Run], sick: Mapping[str, Sequence[Run]]) -> str:
    """The page: how often each symptom is named, and what is named in each sickness."""
    well, unlucky = ([run for run in healthy if passes(run) is wanted] for wanted in (True, False))
    ill = [run for runs in sick.values() for run in runs]
    groups = {"healthy": well, "sick": ill, "healthy, but unlucky": unlucky}
    named = {title: Counter(s.name for run in runs for s in run.symptoms) for title, runs in groups.items()}
    rows = [[name, *(named[title][name] for title in groups), sign.meaning] for name, sign in SIGNS.items()]
    rows.append(["none", *(sum(not run.symptoms for run in runs) for runs in groups.values()), ""])
    by_sickness = [
        [title, len(runs), sum(map(passes, runs)), listed(Counter(s.name for run in runs for s in run.symptoms))]
        for title, runs in sick.items()
        if runs
    ]
    left = 2 * COUNT - len(well) - len(ill)
    heads = [f"{title}, of {len(runs)}" for title, runs in groups.items()]
    return PAGE.format(
        steps=f"{STEPS:,}",
        preset=QUICK_PRESET,
        first=HEALTHY,
        count=COUNT,
        clean=sum(not run.symptoms for run in well),
        well=len(well),
        passes=f"{PASSES:.0%}",
        unfinished=f" **{left} trainings are still to be done**: the same command goes on." if left else "",
        table=markdown(["symptom", *heads, "what it usually means"], rows),
        sick=markdown(["what is wrong", "seeds", "pass", "named in"], by_sickness),
    )


def listed(named: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in named.most_common()) or "nothing"


def markdown(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def main(argv: Sequence[str] | None = None) -> int:
    """Train what is not trained yet, and write the page; returns the exit code."""
    argv = sys.argv[1:] if argv is None else argv
    if len(argv) != 1:
        print("usage: python -m benchmarks.symptoms PAGE.md", file=sys.stderr)
        return 2
    try:
        page = ready_file(argv[0], ".md")
    except ConfigError as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 2
    healthy: list[Run] = []
    sick: dict[str, list[Run]] = {name: [] for name in SICKNESSES}
    patients = [(seed, name) for seed in SICK for name in SICKNESSES]
    for well, patient in zip_longest(healthy_runs(), patients):
        if well:
            healthy.append(well)
        if patient:
            seed, name = patient
            sick[name].append(trained(SICKNESSES[name], seed))
        write_text(page, report(healthy, sick))
        print(f"{len(healthy)} healthy and {sum(map(len, sick.values()))} sick trainings", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
