"""Evaluations as text: what was measured, one column per policy; success by step height; the list of policies."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from twmr_nb.config.as_text import scene_words
from twmr_nb.draw.table import Table
from twmr_nb.markup import one_line
from twmr_nb.policies.saved import SavedPolicy

Result = Mapping[str, Any]


def percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f}%"


def interval(result: Result) -> str:
    low, high = result["success_interval"]
    return f"{100 * low:.1f}–{100 * high:.1f}%"


def number(value: float | None, unit: str, digits: int = 1) -> str:
    return "–" if value is None else f"{value:.{digits}f} {unit}".rstrip()


ROWS: dict[str, Callable[[Result], str]] = {
    "passed": lambda r: percent(r["success_rate"]),
    "  95% interval": interval,
    "time to pass (median)": lambda r: number(r["time_to_pass"], "s"),
    "fell": lambda r: percent(r["falls"]),
    "effort: torque² dt, until passed": lambda r: number(r["effort"], "(N m)² s"),
    "work: |torque · speed| dt, until passed": lambda r: number(r["work"], "J"),
    "legs folded on the flat": lambda r: percent(r["folded_on_flat"]),
    "  before the step": lambda r: percent(r["folded_before"]),
    "  beyond the step": lambda r: percent(r["folded_after"]),
    "legs extended at the step": lambda r: percent(r["extended_at_step"]),
    "  furthest tip from its axis": lambda r: number(r["max_tip_radius"] and 1000 * r["max_tip_radius"], "mm"),
    "final x (mean)": lambda r: number(r["mean_final_x"], "m", 2),
    "length (mean)": lambda r: number(r["mean_length"], "steps", 0),
    "return (mean)": lambda r: number(r["mean_return"], "", 2),
}


def results_table(results: Mapping[str, Result]) -> str:
    """Everything measured, a column for each result by its name."""
    terms = dict.fromkeys(name for r in results.values() for name in r["reward_terms"])
    rows = [[title, *map(show, results.values())] for title, show in ROWS.items()]
    rows += [
        [f"  {t.replace('_', ' ')}", *(f"{r['reward_terms'].get(t, 0):+.2f}" for r in results.values())] for t in terms
    ]
    rows.append(
        [
            "episodes",
            *(f"{r['episodes']}, {'mean action' if r['deterministic'] else 'sampled'}" for r in results.values()),
        ]
    )
    rows.append(
        ["step", *(f"{100 * r['step_height']:.3g} cm{' at most' * ('by_height' in r)}" for r in results.values())]
    )
    return str(Table(["", *results], rows))


def heights_table(sweeps: Mapping[str, Sequence[Result]]) -> str:
    """Passed, with its 95% interval, by step height; a column for each policy."""
    found = {name: {place(r): r for r in results} for name, results in sweeps.items()}
    places = dict.fromkeys(p for by_place in found.values() for p in by_place)
    rows = [[place_text(p), *(cell(by_place.get(p)) for by_place in found.values())] for p in places]
    return str(Table(["step [cm]", *sweeps], rows))


def place(result: Result) -> tuple[float, ...]:
    """Where a result belongs, to the last digit [m]: two heights never share a row."""
    return (result["low"], result["high"]) if "low" in result else (result["step_height"],)


def place_text(place: tuple[float, ...]) -> str:
    return "–".join(f"{100 * height:.6g}" for height in place)


def cell(result: Result | None) -> str:
    return "–" if result is None else f"{percent(result['success_rate'])} ({interval(result)}) of {result['episodes']}"


def policies_table(policies: Mapping[str, tuple[SavedPolicy, int]]) -> str:
    """The policies by name, each with its file's size in bytes."""
    if not policies:
        return "no policies here yet: train one with `twmr train`."
    heads = ["policy", "step", "actions", "senses", "passed", "sampled", "steps", "training", "size"]
    notes = [saved.results.get("note", "") for saved, _ in policies.values()]
    rows = [
        [
            name,
            scene_words(saved.config.env),
            saved.config.env.action_mode,
            saved.config.env.obs_mode,
            percent(saved.results.get("evaluation", saved.results).get("success_rate")),
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
