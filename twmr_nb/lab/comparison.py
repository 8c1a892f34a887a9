"""A comparison of variants: every trial's curve and evaluation, one verdict. Shows itself as a table and as figures."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from twmr_nb.config.schema import ConfigError
from twmr_nb.draw.spread import spread, spread_curves, spread_dots
from twmr_nb.draw.style import Plot
from twmr_nb.draw.table import Table
from twmr_nb.episodes.intervals import SURE, shift_interval
from twmr_nb.markup import one_line, shown
from twmr_nb.policies.saved import SavedPolicy, load_policy
from twmr_nb.types import Record

JUDGED = {  # what a comparison shows of an evaluation: heading, factor, digits
    "success_rate": ("passed [%]", 100, 0),
    "upright_pass": ("passed upright [%]", 100, 0),
    "mean_length": ("steps to pass or end", 1, 0),  # of all episodes; a time to pass is of those that passed
    "effort": ("effort [(N m)² s]", 1, 1),
    "mean_final_x": ("final x [m]", 1, 2),
}
MORE = {  # what else may be asked of one
    "time_to_pass": ("time to pass [s]", 1, 1),
    "clean_pass": ("passed cleanly [%]", 100, 0),
    "folded_on_flat": ("folded on the flat [%]", 100, 0),
    "extended_at_step": ("extended at the step [%]", 100, 0),
    "work": ("work [J]", 1, 1),
    "mean_return": ("return", 1, 2),
}
LESS = {  # of these, less is better
    "effort", "work", "mean_length", "time_to_pass", "falls", "largest_tilt", "cost_of_transport", "action_rate",
    "rms_torque", "peak_torque", "vertical_acceleration", "contact_to_legs_out", "drift_at_passing",
    "heading_at_passing",
}  # fmt: skip
NOTHING = (
    "Nothing is measured yet: this fills as trainings finish; `python -m twmr_nb.course.worked` trains those of the "
    "lessons."
)
DOTS = ("success_rate", "mean_length", "effort")


@dataclass(frozen=True)
class Trial:
    """One training of one variant: its metrics, an update each, and the evaluation of its policy."""

    variant: str
    seed: int
    records: Sequence[Record]
    result: dict[str, Any]
    policy_path: Path | None = None
    """None where the results were shipped without the policies."""

    def __repr__(self) -> str:
        return f"Trial {one_line(self.variant)!r}, seed {self.seed}: {len(self.records)} updates, {self.result}"


@dataclass(frozen=True)
class Comparison:
    """Trials of several variants, set against one of them, the baseline. Shows itself as a table."""

    trials: tuple[Trial, ...]
    baseline: str = ""
    """The variant that the others are set against; the first when not given. It may have no trial yet."""
    columns: ClassVar[Sequence[str]] = tuple(JUDGED)
    """What the table shows of an evaluation."""
    dotted: ClassVar[Sequence[str]] = DOTS
    """And the figure."""

    @property
    def variants(self) -> list[str]:
        return list(dict.fromkeys(t.variant for t in self.trials))

    @property
    def base(self) -> str:
        """The name of the baseline."""
        return self.baseline or next(iter(self.variants), "")

    def against(self, key: str) -> tuple[list[float], dict[str, list[float]]]:
        """What is known of one number: of the baseline's seeds, and by name of the others'."""
        results = {name: known(values) for name, values in self.results(key).items()}
        return results.pop(self.base, []), results

    def results(self, key: str = "success_rate") -> dict[str, list[Any]]:
        """One number of the evaluation per seed, by variant; None where a policy has none."""
        return {name: [t.result.get(key) for t in self.trials if t.variant == name] for name in self.variants}

    def policy(self, variant: str, seed: int) -> SavedPolicy:
        """The policy that a variant was judged by; raises ConfigError where there is none."""
        found = [t.policy_path for t in self.trials if (t.variant, t.seed) == (variant, seed) and t.policy_path]
        if not found:
            has = ", ".join(f"{t.variant!r} with seed {t.seed}" for t in self.trials if t.policy_path) or "none"
            raise ConfigError(f"no policy of {variant!r} with seed {seed!r} is here: there is {has}.")
        return load_policy(found[0])

    def curves(self, keys: Sequence[str] = ("success_rate", "average_x", "std")) -> Plot:
        """What was logged in training: medians over the seeds, and their range."""
        return spread_curves({v: [t.records for t in self.trials if t.variant == v] for v in self.variants}, keys)

    def dots(self, keys: Sequence[str] | None = None) -> Plot:
        """How the trained policies were judged, a dot per seed."""
        scaled: dict[str, dict[str, list[float | None]]] = {}
        for key in keys or self.dotted:
            check_measured(key, "key")
            title, factor, _ = measure(key)
            groups = self.results(key).items()
            scaled[title] = {n: [None if v is None else v * factor for v in values] for n, values in groups}
        return spread_dots(scaled)

    def verdict(self, key: str = "success_rate") -> str:
        """A sentence per variant against the baseline: higher or lower, if the 95% interval of the difference is so."""
        check_measured(key, "key")
        title, factor, digits = measure(key)
        if not self.trials:
            return NOTHING
        theirs, others = self.against(key)
        if self.base not in self.variants:
            return f"Nothing of {one_line(self.base)}, which the others are set against, is measured yet."
        lines = []
        for name, ours in others.items():
            if not (ours and theirs):
                lines.append(f"{one_line(name)}: nothing to compare in {title}")
                continue
            low, high, sure = shift_interval(ours, theirs)
            numbers = f"{spread(ours, factor, digits)} against {spread(theirs, factor, digits)}"
            difference = f"{factor * low:+.{digits}f} to {factor * high:+.{digits}f}"
            few = "" if sure >= SURE else f", no surer than {sure:.0%} with so few seeds"
            said = f"the difference is {difference}{few}: {apart(ours, theirs) or 'cannot tell'}"
            lines.append(f"{one_line(name)}: {title} {numbers}; {said}")
        return "\n".join(lines)

    def __repr__(self) -> str:
        variants, trainings = counted(len(self.variants), "variant"), counted(len(self.trials), "training")
        return f"Comparison of {variants}, {trainings} in all\n{self.verdict()}".rstrip()

    def _repr_markdown_(self) -> str:
        return self.table._repr_markdown_() if self.trials else NOTHING

    @property
    def table(self) -> Table:
        """Median over the seeds, and in brackets their range."""
        rows = []
        for name in self.variants:
            cells = [spread(known(self.results(key)[name]), *measure(key)[1:]) for key in self.columns]
            rows.append([name, str(len(self.results()[name])), *cells])
        heads = ["variant", "seeds", *(measure(key)[0] for key in self.columns)]
        return Table(heads, rows)


def check_measured(key: Any, name: str) -> None:
    """Raise ConfigError unless it is a number of an evaluation that can be compared."""
    if key not in (names := sorted({*JUDGED, *MORE, *LESS})):
        raise ConfigError(f"{name} = {shown(key)} is not measured: choose {', '.join(names)}.")


def measure(key: str) -> tuple[str, float, int]:
    """Of a number of an evaluation: what it is called, the factor and the digits that it is shown with."""
    return (JUDGED | MORE).get(key, (key.replace("_", " "), 1, 2))


def apart(ours: Sequence[float], theirs: Sequence[float]) -> str:
    """Whether our seeds are "higher" or "lower" than theirs; "" where the 95% interval of the difference has 0 in it,
    or there are too few for one: it takes four of each."""
    low, high, sure = shift_interval(ours, theirs)
    return "" if sure < SURE or low <= 0 <= high else "higher" if low > 0 else "lower"


def counted(number: int, what: str) -> str:
    return f"{number} {what}" + "s" * (number != 1)


def known(values: Iterable[float | None]) -> list[float]:
    return [v for v in values if v is not None and math.isfinite(v)]
