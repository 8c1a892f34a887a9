"""Evaluations as text: what was measured, one column per policy; success by step height; the list of policies."""

from collections.abc import Iterable, Mapping, Sequence

from twmr_nb.config.as_text import scene_words
from twmr_nb.draw.table import Table
from twmr_nb.episodes.report import Result, in_lines, number, percent, rate
from twmr_nb.markup import one_line
from twmr_nb.policies.saved import SavedPolicy

HOW = ("upright", "clean")  # a step can be passed


def results_table(names: Iterable[str], results: Iterable[Result]) -> Table:
    """Everything measured, a column for each result."""
    columns = [in_lines(result) for result in results]
    titles = dict.fromkeys(title for column in columns for title in column)
    return Table(["", *names], [[title, *(column.get(title, "–") for column in columns)] for title in titles])


def heights_table(sweeps: Mapping[str, Sequence[Result]]) -> Table:
    """Passed, upright and clean, each with its 95% interval, by step height; a few columns for each policy."""
    found = {name: {place(r): r for r in results} for name, results in sweeps.items()}
    places = dict.fromkeys(p for by_place in found.values() for p in by_place)
    heads, columns = ["step [cm]"], [[place_text(p) for p in places]]
    for name, by_place in found.items():
        for how in ("", *HOW):
            cells = [cell(by_place.get(p), how) for p in places]
            if not how or any(text != "–" for text in cells):
                heads.append(f"{name}, {how}" if how else name)
                columns.append(cells)
    return Table(heads, list(zip(*columns, strict=True)))


def place(result: Result) -> tuple[float, ...]:
    """Where a result belongs, to the last digit [m]: two heights never share a row."""
    return (result["low"], result["high"]) if "low" in result else (result["step_height"],)


def place_text(place: tuple[float, ...]) -> str:
    return "–".join(f"{100 * height:.6g}" for height in place)


def cell(result: Result | None, how: str) -> str:
    """The share that passed, or passed in a way; a dash where it was not measured."""
    if result is None or (how and result.get(f"{how}_pass") is None):
        return "–"
    if how:
        return rate(result, f"{how}_pass", f"{how}_pass_interval")
    return f"{rate(result, 'success_rate', 'success_interval')} of {result['episodes']}"


def policies_table(policies: Mapping[str, tuple[SavedPolicy, int]]) -> str:
    """The policies by name, each with its file's size in bytes."""
    if not policies:
        return "no policies here yet: train one with `twmr train`."
    heads = ["policy", "step", "actions", "senses", "passed", *HOW, "sampled", "steps", "training", "size"]
    notes = [saved.results.get("note", "") for saved, _ in policies.values()]
    rows = [
        [
            name,
            scene_words(saved.config.env),
            saved.config.env.action_mode,
            saved.config.env.obs_mode,
            percent(saved.results.get("evaluation", saved.results).get("success_rate")),
            *(percent(saved.results.get("evaluation", {}).get(f"{how}_pass")) for how in HOW),
            percent(saved.results.get("sampled", {}).get("success_rate")),
            number(saved.results.get("global_step", 0) / 1e6, "M", 2),
            number(saved.results.get("train_s", 0) / 60, "min", 1),
            number(size / 1000, "kB", 0),
        ]
        for name, (saved, size) in policies.items()
    ]
    head, *lines = str(Table(heads, rows)).splitlines()
    told = [line + (f"\n    {one_line(note)}" if note else "") for line, note in zip(lines, notes, strict=True)]
    return "\n".join([head, *told])
