"""Which flags a user typed, and those that would be dropped without a word: they are refused instead."""

import os
from collections.abc import Sequence
from pathlib import Path

from twmr_nb.config.schema import ConfigError
from twmr_nb.markup import shown

SAME = {"policy": "load_path"}  # two spellings of one flag


def flags_given(argv: Sequence[str]) -> list[str]:
    """The names of the flags, in order; raises ConfigError where one is given twice, for only one would count."""
    given: list[str] = []
    for word in argv:
        if word == "--":
            break
        if word.startswith("--"):
            name = word[2:].split("=")[0].replace("-", "_").removeprefix("no_")
            name = SAME.get(name, name)
            if name in given:
                raise ConfigError(f"{flag(name)} is given twice: give it once, with all that belongs to it.")
            given.append(name)
    return given


def flag(name: str) -> str:
    """A setting's name as it is typed."""
    return f"--{name.replace('_', '-')}"


def refuse_beside(chosen: str, given: Sequence[str], allowed: Sequence[str], why: str) -> None:
    """Raise on flags that have no effect beside a chosen one."""
    if needless := [flag(name) for name in given if name not in allowed]:
        raise ConfigError(f"{' '.join(needless)} cannot go with {chosen}: {why}; leave one or the other out.")


def refuse_scene(scene: str | None, step_height: float | None) -> None:
    """Raise where a step height would put another scene in the place of the one asked for."""
    if step_height is not None and scene not in (None, "step"):
        raise ConfigError(
            f"--step-height {step_height:g} has no effect in scene {scene!r}: use --scene step, or leave one out."
        )


def expanded(path: str | Path) -> Path:
    """With ~ as a shell would read it, which it does not behind an equals sign."""
    if "\0" in str(path):
        raise ConfigError(f"{shown(str(path))} cannot be a path: leave the zero byte out.")
    return Path(os.path.expanduser(path))
