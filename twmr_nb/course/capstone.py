"""The capstone: an experiment on one page, written by the learner, measured by the learner's own runs.

The page holds everything that it shows, asks no network and runs no script. What it quotes from files is text.
"""

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from markupsafe import Markup, escape

from twmr_nb.course.checks.verdict import Verdict, wrong
from twmr_nb.course.predictions import KEPT, entries, in_words
from twmr_nb.draw.style import Plot
from twmr_nb.draw.table import Table
from twmr_nb.files import read_json, ready_file, write_text
from twmr_nb.lab.comparison import JUDGED, Comparison, counted
from twmr_nb.markup import as_html, one_line, shown
from twmr_nb.policies.saved import PolicyError, SavedPolicy
from twmr_nb.runs.places import RUNS
from twmr_nb.types import ConfigError

PAGE = Markup("""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>{title}</title><style>
body {{ max-width: 780px; margin: 1.2em auto; padding: 0 1em; color: #1f2328; background: white;
  font: 13px/1.45 system-ui, sans-serif; overflow-wrap: anywhere; }}
h1 {{ font-size: 1.5em; margin: 0; }} h2 {{ font-size: 1.1em; margin: 1em 0 .2em; }}
p {{ margin: .2em 0; white-space: pre-line; }} img {{ max-width: 100%; }}
pre {{ margin: .3em 0; padding: .4em .6em; background: #f0f2f4; white-space: pre-wrap; }}
table {{ border-collapse: collapse; }} th, td {{ border-bottom: 1px solid #d5d9de; vertical-align: top; }}
.quiet {{ color: #57606a; }}
</style></head><body>
<h1>{title}</h1><p class="quiet">{by}{day}</p>
<h2>Hypothesis</h2><p>{hypothesis}</p>
<h2>What was changed</h2>{changes}
<h2>What came out</h2><p class="quiet">{trainings}</p><img src="data:image/png;base64,{figure}" alt="A dot per seed">
{numbers}<p>By the rule of the lesson: {rule}</p>
<h2>Verdict</h2><p>{verdict}</p>
{predictions}<h2>Rubric</h2>{rubric}
</body></html>
""")
RUBRIC = {
    "Hypothesis": "says what should change and why, and which result would refute it",
    "One change": "the variants differ in one thing, and it is the one that the hypothesis is about",
    "Seeds": "four or more for every variant, the same ones, and none is left out",
    "Evidence": "judged on the task and not on the return; numbers with their spread, a figure with units",
    "Verdict": "follows from the numbers, says what it cost and what else could explain it; or why it cannot be told",
}


@dataclass(frozen=True)
class Report:
    """A page that was written; shows itself in a notebook."""

    path: Path
    page: str

    def __repr__(self) -> str:
        return f"Report: open {str(self.path)!r} in a browser, print it, or hand it in."

    def _repr_html_(self) -> str:
        frame = Markup('<p>{}</p><iframe sandbox srcdoc="{}" style="{}" title="The report"></iframe>')
        return frame.format(repr(self), escape(str(self.page)), "width: 100%; height: 900px; border: 1px solid #767d85")


def report(
    comparison: Comparison,
    title: Any = ...,
    hypothesis: Any = ...,
    verdict: Any = ...,
    by: str = "",
    figure: Plot | None = None,
    path: str | Path | None = None,
) -> Report | Verdict:
    """06: an experiment on one page of HTML: what you write, and beside it what was changed and what came out.

    figure: a dot per seed where none is given. path: in reports/ among your runs, named by the title. While a part is
    still `...`, it says which, and how the page will be judged. Raises ConfigError where the file cannot be written.
    """
    parts = {"title": title, "hypothesis": hypothesis, "verdict": verdict}
    if missing := [name for name, text in parts.items() if not (isinstance(text, str) and text.strip())]:
        rubric = Table(["worth 2 points each", "if it"], list(RUBRIC.items()))._repr_markdown_()
        return wrong(f"Still to write: {', '.join(missing)}. This is how it is judged:\n\n{rubric}")
    if not isinstance(comparison, Comparison) or not comparison.trials:
        return wrong("There is no experiment to report: give what `tw.compare` returned.")
    name = re.sub(r"\W+", "_", title).strip("_")[:60] or "report"
    path = ready_file(path or RUNS / "reports" / f"{name}.html", ".html")
    page = PAGE.format(
        **{name: as_html(text) for name, text in parts.items()},
        by=f"{one_line(by)}, " if by else "",
        day=f"{date.today():%d %B %Y}",
        changes=changes(comparison),
        trainings=trainings(comparison),
        figure=base64.b64encode((figure or comparison.dots()).png(2)).decode(),
        numbers=numbers(comparison).html(),
        rule=comparison.verdict(),
        predictions=predictions(),
        rubric=Table(["", "full marks if it", "points"], [[*row, "/ 2"] for row in RUBRIC.items()]).html(),
    )
    write_text(path, page)
    return Report(path, page)


def changes(comparison: Comparison) -> Markup:
    """How each variant differs from the first, as its policies say: settings, and own reward terms as text."""
    rows: list[list[str]] = []
    terms = Markup()
    base = saved(comparison, comparison.variants[0])
    for variant in comparison.variants:
        policy = saved(comparison, variant)
        if base is None or policy is None:
            rows.append([variant, "not known: its policy is not here", ""])
            continue
        rows += [[variant, f"{name}: {shown(here)}", shown(there)] for name, here, there in differences(policy, base)]
        for term in policy.own_terms:
            words = f"{one_line(term['name'])}, weight {shown(term['weight'])}"
            rows.append([variant, f"own term {words}", "none"])
            terms += Markup("<pre>{}</pre>").format(as_html(term["source"]))
    if not rows:
        return Markup("<p>Nothing: the variants do not differ.</p>")
    return Table(["variant", "what is different", f"in {one_line(comparison.variants[0])}"], rows).html() + terms


def saved(comparison: Comparison, variant: str) -> SavedPolicy | None:
    """The policy of a variant's first seed, which knows how it was trained."""
    seed = next(t.seed for t in comparison.trials if t.variant == variant)
    try:
        return comparison.policy(variant, seed)
    except (ConfigError, PolicyError):
        return None


def differences(policy: SavedPolicy, base: SavedPolicy) -> Iterator[tuple[str, Any, Any]]:
    ours, theirs = (p.config.env.to_dict() | p.config.ppo.to_dict() for p in (policy, base))
    yield from ((name, value, theirs[name]) for name, value in ours.items() if value != theirs[name])


def trainings(comparison: Comparison) -> str:
    """How much was trained and judged, in a line."""
    seeds = {name: len(values) for name, values in comparison.results().items()}
    steps = {int(t.records[-1]["global_step"]) for t in comparison.trials if t.records}
    episodes = {t.result["episodes"] for t in comparison.trials if "episodes" in t.result}
    words = [", ".join(f"{one_line(name)}: {counted(count, 'seed')}" for name, count in seeds.items())]
    words += [f"{' or '.join(f'{n:,}' for n in sorted(steps))} control steps each"] if steps else []
    words += [f"judged on {' or '.join(map(str, sorted(episodes)))} unseen episodes"] if episodes else []
    return "; ".join(words) + "."


def numbers(comparison: Comparison) -> Table:
    """How every single training was judged."""
    rows = []
    for t in comparison.trials:
        values = [(t.result.get(key), factor, digits) for key, (_, factor, digits) in JUDGED.items()]
        rows.append([t.variant, str(t.seed), *("–" if v is None else f"{f * v:.{d}f}" for v, f, d in values)])
    return Table(["variant", "seed", *(title for title, *_ in JUDGED.values())], rows)


def predictions() -> Markup:
    """What was predicted in the course and what came out, folded; nothing where that cannot be read."""
    try:
        kept = entries(read_json(KEPT))
    except (ValueError, OSError):
        return Markup()
    whole = {name: e for name, e in sorted(kept.items()) if isinstance(e, dict) and {"guess", "came_out"} <= set(e)}
    rows = [[name, words(entry["guess"]), words(entry["came_out"])] for name, entry in whole.items()]
    if not rows:
        return Markup()
    table = Table(["asked", "predicted", "came out"], rows).html()
    return Markup("<details><summary>My predictions in the course</summary>{}</details>").format(table)


def words(value: Any) -> str:
    """A kept guess or result, whatever a file says that it is."""
    return in_words(value) if isinstance(value, str | float | None) else shown(value)
