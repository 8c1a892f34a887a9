"""What an evaluation measured, in words: a line each, with units."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from twmr_nb.markup import one_line

Result = Mapping[str, Any]
FEW = 0.5  # a smaller share of passes is a failure


def percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f}%"


def interval(bounds: Sequence[float]) -> str:
    low, high = bounds
    return f"{100 * low:.1f}–{100 * high:.1f}%"


def rate(result: Result, share: str, bounds: str, unknown: str = "–") -> str:
    """A share with its interval."""
    return unknown if result[share] is None else f"{percent(result[share])} ({interval(result[bounds])})"


def number(value: float | None, unit: str, digits: int = 1) -> str:
    return "–" if value is None else f"{value:.{digits}f} {unit}".rstrip()


def pair(result: Result, one: str, unit: str, other: str, other_unit: str) -> str:
    return f"{number(result[one], unit, 2)}, {number(result[other], other_unit, 2)}"


BEYOND = "– (needs end_on_success false, or 2 s of drive_on)"
ROWS: dict[str, Callable[[Result], str]] = {
    "passed (95% interval)": lambda r: rate(r, "success_rate", "success_interval"),
    "  upright": lambda r: rate(r, "upright_pass", "upright_pass_interval"),
    "  upright and folded: clean": lambda r: rate(r, "clean_pass", "clean_pass_interval", BEYOND),
    "largest tilt (median)": lambda r: number(r["largest_tilt"], "rad", 2),
    "fell": lambda r: percent(r["falls"]),
    "time to pass (median)": lambda r: number(r["time_to_pass"], "s"),
    "  off course by then": lambda r: pair(r, "drift_at_passing", "m", "heading_at_passing", "rad"),
    "legs folded before contact": lambda r: percent(r["folded_before_contact"]),
    "  2 s after passing": lambda r: percent(r["folded_after_passing"]),
    "  contact to legs out (median)": lambda r: number(r["contact_to_legs_out"], "s", 2),
    "legs folded on the flat": lambda r: percent(r["folded_on_flat"]),
    "legs extended at the step": lambda r: percent(r["extended_at_step"]),
    "  furthest tip from its axis": lambda r: number(r["max_tip_radius"] and 1000 * r["max_tip_radius"], "mm"),
    "ride on the flat: vertical RMS": lambda r: number(r["vertical_acceleration"], "m/s²", 2),
    "action rate": lambda r: number(r["action_rate"], "", 3),
    "torque: RMS, peak": lambda r: pair(r, "rms_torque", "N m", "peak_torque", "N m"),
    "cost of transport (median)": lambda r: number(r["cost_of_transport"], "", 2),
    "effort: torque² dt, until passed": lambda r: number(r["effort"], "(N m)² s"),
    "work: |torque · speed| dt, until passed": lambda r: number(r["work"], "J"),
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

    @property
    def verdict(self) -> str:
        """How often it passed, and upright, in a sentence; where a training failed, what to do.

        >>> tw.evaluate("hopeless", episodes=2, world=tw.EnvConfig(max_steps=20)).verdict.split(". ")[0]
        '0 of 2 unseen episodes passed, 0 of them upright'
        """
        passed, upright = (round(self[name] * self["episodes"]) for name in ("success_rate", "upright_pass"))
        said = f"{passed} of {self['episodes']} unseen episodes passed, {upright} of them upright."
        if passed < FEW * self["episodes"]:
            return f"{said} This training failed: train again with another seed, or longer."
        if upright < FEW * passed:
            return f"{said} It does not climb as it was built to: watch how, and look at what its reward pays for."
        return said


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
