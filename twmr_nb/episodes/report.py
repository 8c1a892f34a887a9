"""What an evaluation measured, in words: a line each, with units."""

from collections.abc import Callable, Mapping
from typing import Any

from twmr_nb.markup import one_line

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


class Evaluation(dict[str, Any]):
    """What was measured, by name; prints as a table, a line each."""

    def __repr__(self) -> str:
        lines = in_lines(self)
        width = max(map(len, lines), default=0)
        return "\n".join(f"{title:<{width}}  {text}" for title, text in lines.items())


def in_lines(result: Result) -> dict[str, str]:
    """What was measured -> the number with its unit, each measure that the result has."""
    shown: dict[str, Callable[[Result], str]] = {"episodes": played, "step": step} | ROWS
    lines = {title: show(result) for title, show in shown.items() if has(result, show)}
    paid = result.get("reward_terms", {})
    return lines | {f"  {one_line(name.replace('_', ' '))}": f"{value:+.2f}" for name, value in paid.items()}


def has(result: Result, show: Callable[[Result], str]) -> bool:
    try:
        show(result)
    except KeyError:  # an older file's, or a part of one
        return False
    return True


def played(result: Result) -> str:
    return f"{result['episodes']}, {'mean action' if result['deterministic'] else 'sampled'}"


def step(result: Result) -> str:
    """The height of the step, the largest where heights are drawn."""
    return f"{100 * result['step_height']:.3g} cm" + (" at most" if "by_height" in result else "")
