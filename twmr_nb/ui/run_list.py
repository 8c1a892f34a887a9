"""The runs on disk, for choosing among them."""

import html
from collections.abc import Iterable
from pathlib import Path

from twmr_nb.recipe import as_changes
from twmr_nb.rewards import RewardTerm
from twmr_nb.run_files import read_json, run_folders
from twmr_nb.runs import Run, open_run
from twmr_nb.ui.settings import shown
from twmr_nb.ui.status import state_text


def readable_runs(root: str | Path, extra_terms: Iterable[RewardTerm] = ()) -> tuple[list[Run], list[str]]:
    """All runs below root, the newest first; and a line for each folder that cannot be read."""
    runs, problems = [], []
    for folder in run_folders(root):
        try:
            runs.append(open_run(folder, extra_terms))
        except (ValueError, KeyError, TypeError, OSError) as error:
            problems.append(f"{folder.name} is left out: {error}")
    return runs, problems


def run_label(run: Run) -> str:
    """One line: name, state, how far, success."""
    words = [run.name, state_text(run).split(":")[0]]
    if run.records:
        last = run.records[-1]
        words[1] += "" if run.state == "finished" else f" at {last['progress']:.0%}"
        words += [f"success {last['success_rate']:.0%}"] if last["episodes"] else []
    return " · ".join(words)


def settings_table(run: Run) -> str:
    """A run's settings as HTML: its preset, what differs from it, its own reward terms."""
    preset, changes = as_changes(run.config)
    rows = "".join(
        f"<tr><td>{name.replace('_', ' ')}</td><td>{shown(value)}</td></tr>" for name, value in changes.items()
    )
    own = read_json(run.path / "config.json")["own_terms"]
    terms = "".join(
        f"<details><summary>{t['name']}</summary><pre>{html.escape(t['source'])}</pre></details>" for t in own
    )
    return (
        f"<div>preset <b>{html.escape(preset)}</b>{', with' if rows else ', unchanged'}</div>"
        f"<table class='twmr-settings' tabindex='0'>{rows}</table>"
        + (f"<div class='twmr-part'>own reward terms (as text)</div>{terms}" if own else "")
    )
