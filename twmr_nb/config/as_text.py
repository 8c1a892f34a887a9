"""A configuration as text that makes it again: a command line, or Python for a notebook cell."""

import json
import shlex
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any

from twmr_nb.config import presets
from twmr_nb.config.idle import idle_settings
from twmr_nb.config.presets import DEFAULT_PRESET, PRESETS
from twmr_nb.config.schema import ConfigError, EnvConfig, TrainConfig
from twmr_nb.markup import shown

PYTHONS: dict[str, Any] = {"True": True, "False": False, "None": None}


def command_line(config: TrainConfig) -> str:
    """The `twmr train` line that gives this configuration, without what nothing reads: it would be refused there."""
    preset, changes = as_changes(config)
    changes = {name: value for name, value in changes.items() if name not in idle_settings(config)}
    words = ["twmr", "train"] + (["--preset", preset] if preset != DEFAULT_PRESET else [])
    for name, value in changes.items():
        flag = name.replace("_", "-")
        words += [f"--{flag}" if value else f"--no-{flag}"] if isinstance(value, bool) else [f"--{flag}", str(value)]
    return shlex.join(words)


def python_code(config: TrainConfig, own_terms: Iterable[str] = ()) -> str:
    """The cell that trains with this configuration and shows the run; own_terms: names of the learner's own terms."""
    preset, changes = as_changes(config)
    arguments = [repr(preset), *(f"{name}={value!r}" for name, value in changes.items())]
    if names := ", ".join(own_terms):
        arguments.append(f"extra_terms=[{names}]")
    call = ", ".join(arguments)
    if len(call) > 60:
        call = "\n    " + ",\n    ".join(arguments) + ",\n"
    return f"import twmr_nb as tw\n\nrun = tw.train({call})\nrun"


def scene_words(env: EnvConfig) -> str:
    """The step ahead in two words: its height, or from where to where heights are drawn."""
    if env.scene != "step":
        return {"step_5cm": "5 cm", "step_7cm": "7 cm"}.get(env.scene, env.scene)
    highest = env.step_height_max or env.step_height
    top = f"–{100 * highest:.3g}" if highest > env.step_height else ""
    return f"{100 * env.step_height:.3g}{top} cm"


def as_changes(config: TrainConfig) -> tuple[str, dict[str, Any]]:
    """A preset's name and the flat settings that differ from it."""
    base = presets.preset(config.preset if config.preset in PRESETS else DEFAULT_PRESET)
    ours, theirs = flat(config), flat(base)
    return base.preset, {name: value for name, value in ours.items() if value != theirs[name]}


def flat(config: TrainConfig) -> dict[str, Any]:
    """All settings by their flat names."""
    return {"seed": config.seed, **config.env.to_dict(), **config.ppo.to_dict()}


def settings_in(words: Sequence[str]) -> dict[str, Any]:
    """name=value pairs; a value is read as a number, true, false or null where it can be, else as a word."""
    found: dict[str, Any] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals:
            raise ConfigError(f"{shown(word)} is not a setting: give name=value, for instance reset_noise=0.02.")
        if name in found:
            raise ConfigError(f"{name} is given twice: give it once.")
        found[name] = value_of(value)
    return found


def value_of(text: str) -> Any:
    """What was typed, as a number, true, false or null (or as Python says it) where it can be, else as a word."""
    for read in (PYTHONS.__getitem__, json.loads, float):  # JSON knows no .5
        with suppress(ValueError, KeyError, RecursionError):
            return read(text)
    return text
