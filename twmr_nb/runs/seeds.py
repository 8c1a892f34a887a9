"""Runs in rows: those that differ in nothing but their seed are one, with its median and its range."""

import json
from collections.abc import Iterable, Sequence

from twmr_nb.draw.spread import spread
from twmr_nb.files import read_json, remembered
from twmr_nb.markup import one_line
from twmr_nb.runs.run import Run
from twmr_nb.ui.policy_files import RUN_STAMP


def rows_of(runs: Iterable[Run]) -> dict[str, list[Run]]:
    """The runs by what a figure calls them, finished ones of equal settings in the row of the first; a seed is in a
    row once."""
    found: dict[str, list[Run]] = {}
    for run in runs:
        recipe = recipe_of(run) if run.state == "finished" else run.name
        taken = any(other.config.seed == run.config.seed for other in found.get(recipe, ()))
        found.setdefault(run.name if taken else recipe, []).append(run)
    rows: dict[str, list[Run]] = {}
    for row in found.values():
        name, count = one_line(row[0].name), f", {len(row)} seeds" if len(row) > 1 else ""
        short = RUN_STAMP.sub("", name) + count  # of one run that is the name of many
        rows[short if count and short not in rows else name + count] = row
    return rows


def recipe_of(run: Run) -> str:
    """All that a run was trained with but its seed: settings, own reward terms, the policy that it began from."""
    details = remembered(read_json, run.path / "config.json")
    settings = {name: value for name, value in run.config.to_dict().items() if name not in ("seed", "preset")}
    return json.dumps([settings, details.get("own_terms"), details.get("start")], sort_keys=True)


def outcome_of(row: Sequence[Run]) -> str:
    """How a row came out, in words behind its name: of several seeds the median, and their range in brackets."""
    ends = [run.records[-1] for run in row]
    passed = [100 * end["success_rate"] for end in ends if end["episodes"]]
    return f" · success {spread(passed, digits=0)} %" if passed else ""
