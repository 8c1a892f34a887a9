"""What a control needs to know about one setting: read from the config dataclasses, nothing is said twice."""

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

from twmr_nb.config.fields import base_type, choices, field_docs
from twmr_nb.config.schema import MAX_SEED, EnvConfig, PPOConfig, TrainConfig
from twmr_nb.task.rewards import RewardTerm

DOWN, UP = 100, 1000  # how far from the default a logarithmic slider reaches; the number box reaches further
MANTISSAS = (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8)
MOST_DOUBLINGS = 2**12  # whole numbers up to this double from stop to stop, so that batches divide


@dataclass(frozen=True)
class Setting:
    """One setting: its name, bounds, unit and words."""

    name: str
    group: str
    doc: str
    kind: type
    default: Any
    low: float = 0.0
    high: float = 1.0
    unit: str = ""
    log: bool = False
    words: tuple[str, ...] = ()
    optional: bool = False
    """May be None: chosen automatically."""
    slider: bool = True

    @property
    def label(self) -> str:
        return self.name.replace("_", " ")

    @property
    def tooltip(self) -> str:
        """The docstring, the unit, what is allowed."""
        unit = f" {self.unit}" if self.unit else ""
        if self.words:
            allowed = ", ".join(self.words)
        elif self.kind is bool:
            return f"{self.doc}\nDefault: {'on' if self.default else 'off'}."
        else:
            allowed = f"{self.low:g} to {self.high:g}{unit}" + (", or automatic" if self.optional else "")
        return f"{self.doc}\nAllowed: {allowed}. Default: {shown(self.default)}."


def all_settings() -> list[Setting]:
    """Every setting of environment and learner, in the order of their fields, and the seed."""
    seed = Setting("seed", "learner", field_docs(TrainConfig)["seed"], int, 0, 0, MAX_SEED, slider=False)
    return [*settings_of(EnvConfig), seed, *settings_of(PPOConfig)]


def settings_of(cls: type) -> list[Setting]:
    """The fields of a config dataclass."""
    found = []
    for field in dataclasses.fields(cls):
        kind, optional = base_type(cls, field.name)
        meta = {k: v for k, v in field.metadata.items() if v is not None}
        how = meta | {"words": choices(cls, field.name), "optional": optional}
        found.append(Setting(field.name, doc=field_docs(cls)[field.name], kind=kind, default=field.default, **how))
    return found


def weight_setting(term: RewardTerm) -> Setting:
    """The weight of a learner's own reward term; negative makes it a cost."""
    high, doc = max(10 * abs(term.weight), 1.0), term.doc or f"Weight of your own term {term.name!r}."
    return Setting(term.name, "reward", doc, float, term.weight, -high, high)


def stops(setting: Setting) -> list[Any]:
    """The values a slider passes through: round ones, the bounds and the default; denser near 0 if logarithmic."""
    low, high, whole = setting.low, setting.high, setting.kind is int
    if whole and setting.log and high <= MOST_DOUBLINGS:
        values = [2.0**k for k in range(13)]
    elif whole and high - low <= 200:
        values = [float(n) for n in range(round(low), round(high) + 1)]
    elif setting.log or is_wide(setting):
        middle = abs(setting.default or 0) or high * 1e-2
        low, high = (max(low, middle / DOWN) if low else 0.0), min(high, middle * UP)
        first, last = (math.floor(math.log10(v)) for v in (low or middle / DOWN, high))
        values = [low, *(float(f"{m}e{k}") for k in range(first, last + 1) for m in MANTISSAS), high]
    else:
        decimals = max(0, math.ceil(-math.log10((high - low) / 100)))
        values = [low, *(round(low + (high - low) * k / 100, decimals) for k in range(1, 100)), high]
    values = [v for v in values if low <= v <= high] + ([] if setting.default is None else [setting.default])
    return sorted({setting.kind(v) for v in values})


def is_wide(setting: Setting) -> bool:
    """Whether the default would sit at the very end of a straight slider."""
    return setting.low >= 0 and 0 < (setting.default or 0) < 0.05 * setting.high


def shown(value: Any) -> str:
    """A value as people write it."""
    if value is None:
        return "automatic"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, int) or (isinstance(value, float) and value.is_integer() and abs(value) >= 1e4):
        return f"{int(value):,}"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
