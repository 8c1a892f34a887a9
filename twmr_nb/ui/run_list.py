"""The runs on disk, for choosing among them."""

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from markupsafe import Markup

from twmr_nb.config.as_text import as_changes
from twmr_nb.draw.table import Table
from twmr_nb.files import read_json
from twmr_nb.markup import one_line
from twmr_nb.policies.checks import known_details
from twmr_nb.runs.folder import run_folders
from twmr_nb.runs.places import missing
from twmr_nb.runs.run import Run, open_run
from twmr_nb.task.rewards import RewardTerm
from twmr_nb.ui.status import state_text
from twmr_nb.ui.value_text import value_text

SHOWN = ("update", "progress", "global_step", "episodes", "success_rate", "episode_return", "train_s")  # of a log


def readable_runs(root: str | Path, extra_terms: Iterable[RewardTerm] = ()) -> tuple[list[Run], list[str]]:
    """All runs below root, the newest first; and a line for each folder that cannot be read."""
    runs, problems = [], missing(root)
    for folder in run_folders(root):
        try:
            runs.append(showable(open_run(folder, extra_terms)))
        except KeyError as error:
            problems.append(f"{folder.name} is left out: its files lack {error}.")
        except (ValueError, TypeError, AttributeError, OSError) as error:
            problems.append(f"{folder.name} is left out: {error}")
    return runs, problems


def showable(run: Run) -> Run:
    """The run, if its files say what a view needs; raises ValueError if not."""
    if not isinstance(run.state, str):
        raise ValueError(f"its status.json says state = {run.state!r}.")
    if run.records and (lacking := [name for name in SHOWN if name not in run.records[-1]]):
        raise ValueError(f"its metrics.csv has no column {lacking[0]!r}.")
    return run


def run_label(run: Run) -> str:
    """One line: name, state, how far, success."""
    words = [run.name, state_text(run).split(":")[0]]
    if run.records:
        last = run.records[-1]
        words[1] += "" if run.state == "finished" else f" at {last['progress']:.0%}"
        words += [f"success {last['success_rate']:.0%}"] if last["episodes"] else []
    return one_line(" · ".join(words))


def settings_table(run: Run) -> Markup:
    """A run's settings as HTML: its preset, what differs from it, its own reward terms."""
    preset, changes = as_changes(run.config)
    rows = [[name.replace("_", " "), value_text(value)] for name, value in changes.items()]
    term = Markup("<details><summary>{}</summary><pre>{}</pre></details>")
    own = []
    with suppress(ValueError, OSError):  # what is no list of terms is not shown
        own = known_details(read_json(run.path / "config.json"))["own_terms"]
    terms = Markup().join(term.format(one_line(t["name"]), t["source"]) for t in own)
    table = Markup("<div>preset <b>{}</b>{}</div>{}")
    head = Markup("<div class='twmr-part'>own reward terms (as text)</div>") if own else Markup()
    return table.format(preset, ", with" if rows else ", unchanged", Table(["", ""], rows).html()) + head + terms
