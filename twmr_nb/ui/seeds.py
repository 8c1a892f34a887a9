"""Runs in rows: those that differ in nothing but their seed are one, with its median and its range."""

import json
from collections.abc import Iterable, Sequence

from twmr_nb.draw.spread import spread
from twmr_nb.files import read_json, remembered
from twmr_nb.markup import one_line
from twmr_nb.runs.run import Run


def rows_of(runs: Iterable[Run]) -> list[list[Run]]:
    """The runs in their order, finished ones of equal settings in the row of the first; a seed is in a row once."""
    rows: dict[str, list[Run]] = {}
    for run in runs:
        recipe = recipe_of(run) if run.state == "finished" else run.name
        taken = any(other.config.seed == run.config.seed for other in rows.get(recipe, ()))
        rows.setdefault(run.name if taken else recipe, []).append(run)
    return list(rows.values())


def recipe_of(run: Run) -> str:
    """All that a run was trained with but its seed: settings, own reward terms, the policy that it began from."""
    details = remembered(read_json, run.path / "config.json")
    settings = {name: value for name, value in run.config.to_dict().items() if name not in ("seed", "preset")}
    return json.dumps([settings, details.get("own_terms"), details.get("start")], sort_keys=True)


def name_of(row: Sequence[Run]) -> str:
    """What a figure calls a row."""
    return one_line(row[0].name) + (f", {len(row)} seeds" if len(row) > 1 else "")


def label_of(row: Sequence[Run]) -> str:
    """The same with how it came out: of several seeds the median, and their range in brackets."""
    ends = [run.records[-1] for run in row]
    passed = [100 * end["success_rate"] for end in ends if end["episodes"]]
    return name_of(row) + (f" · success {spread(passed, digits=0)} %" if passed else "")
