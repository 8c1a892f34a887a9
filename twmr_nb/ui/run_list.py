"""A run in the list of runs: its line, alone or with its seeds, its settings, what differs from another."""

from collections.abc import Sequence

from markupsafe import Markup

from twmr_nb.config.as_text import as_changes
from twmr_nb.draw.spread import spread
from twmr_nb.draw.table import Table
from twmr_nb.markup import one_line
from twmr_nb.runs.difference import difference
from twmr_nb.runs.provenance import moves
from twmr_nb.runs.run import Run
from twmr_nb.runs.shelf import own_terms
from twmr_nb.ui.status import state_text
from twmr_nb.ui.value_text import value_text

FOLDED = Markup("<details><summary>{}</summary>{}</details>")


def run_label(run: Run) -> str:
    """One line: name, state, how far, success, tags."""
    words = [run.name, state_text(run).split(":")[0]]
    if run.records:
        last = run.records[-1]
        words[1] += "" if run.state == "finished" else f" at {last['progress']:.0%}"
        words += [f"success {last['success_rate']:.0%}"] if last["episodes"] else []
    return one_line(" · ".join([*words, *run.tags]))


def seed_label(run: Run) -> str:
    """One line below that of its row: seed, success, tags, name."""
    return one_line(" · ".join([f"seed {run.config.seed}{outcome_of([run])}", *run.tags, run.name]))


def outcome_of(row: Sequence[Run]) -> str:
    """How a row came out, in words behind its name: of several seeds the median, and their range in brackets."""
    ends = [run.records[-1] for run in row]
    passed = [100 * end["success_rate"] for end in ends if end["episodes"]]
    return f" · success {spread(passed, digits=0)} %" if passed else ""


def settings_table(run: Run) -> Markup:
    """A run's settings as HTML: its preset, what differs from it, its own reward terms; where it was trained."""
    preset, changes = as_changes(run.config)
    rows = [[name.replace("_", " "), value_text(value)] for name, value in changes.items()]
    own = [FOLDED.format(one_line(t["name"]), Markup("<pre>{}</pre>").format(t["source"])) for t in own_terms(run)]
    head = Markup("<div class='twmr-part'>own reward terms (as text)</div>") if own else Markup()
    table = Markup("<div>preset <b>{}</b>{}</div>{}")
    said = table.format(preset, ", with" if rows else ", unchanged", Table(["", ""], rows).html())
    return said + head + Markup().join(own) + place_table(run)


def place_table(run: Run) -> Markup:
    """Versions and machine it began with, folded; and in words where it went on with others."""
    if not (places := run.provenance):
        return Markup()
    told = Markup().join(Markup("<div>{}</div>").format(line) for line in moves(places))
    return FOLDED.format("versions and machine", Table(["", ""], list(places[0][1].items())).html()) + told


def difference_table(run: Run, other: Run) -> Markup:
    """What differs between two runs, beside what came of them."""
    return Table(["", run.name, other.name], difference(run, other)).html()
