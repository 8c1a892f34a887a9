"""Runs in rows: those that differ in nothing but their seed are one."""

import json
from collections.abc import Iterable

from twmr_nb.files import read_json, remembered
from twmr_nb.markup import one_line
from twmr_nb.runs.folder import RUN_STAMP
from twmr_nb.runs.run import Run


def rows_of(runs: Iterable[Run]) -> dict[str, list[Run]]:
    """The runs by what lists and figures call them, finished ones of equal settings in the row of the first; a seed is
    in a row once."""
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
