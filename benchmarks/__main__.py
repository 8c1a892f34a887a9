"""`python -m benchmarks`: measure the speed of physics, environment and training, side by side."""

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tyro

from benchmarks import suite
from benchmarks.breakdown import profile
from benchmarks.report import report
from benchmarks.scaling import save_plot, scaling
from benchmarks.solve import solve
from twmr_nb.cli.flags import flag
from twmr_nb.config.schema import ConfigError
from twmr_nb.files import ready_file

ROUNDS = 5
PARTS = {  # instead of the contest -> the flags that it heeds
    "solve": (),
    "profile": (),
    "scaling": ("rounds",),
    "widgets": ("rounds",),
}


@dataclass(frozen=True)
class Bench:
    """Measure the speed of physics, environment and training, side by side (minutes; keep the machine quiet)."""

    rounds: int | None = None
    """Measurements of each, taken in turn, of which medians are reported; 5 when not given."""
    peer: bool = False
    """Also time another library's recurrent PPO on the same environment (needs the extra `bench`)."""
    solve: bool = False
    """Instead, the time from process start until the 5 cm step is solved, three seeds."""
    profile: bool = False
    """Instead, where the time of training goes."""
    scaling: Path | None = None
    """Instead, how speed grows with robots, threads and rollout length, drawn into this PNG file."""
    widgets: bool = False
    """Instead, how fast the widgets answer in a browser (needs Chromium and the extra `bench`)."""
    json: bool = False
    """Print one JSON object instead of a table."""


def measure(options: Bench, tell: Callable[[str], None]) -> dict[str, Any]:
    """The part asked for, or the whole contest where none is."""
    rounds = ROUNDS if options.rounds is None else options.rounds
    if options.profile:
        return {"profile": profile()}
    if options.solve:
        tell("training until solved, three times")
        return solve()
    if options.scaling:
        picture = ready_file(options.scaling, ".png")
        speed = scaling(rounds, tell=tell)
        tell(f"picture: {save_plot(speed, picture)}")
        return {"scaling": speed}
    if options.widgets:
        from benchmarks.widgets import widgets

        return widgets(rounds, tell)
    return suite.bench(rounds, options.peer, tell=tell)


def refuse(options: Bench) -> None:
    """Raise on parts that exclude each other, and on what would have no effect."""
    chosen = [name for name in PARTS if getattr(options, name)]
    if len(chosen) > 1:
        raise ConfigError(f"{' and '.join(map(flag, chosen))} exclude each other: measure one after the other.")
    for part in chosen:
        for name in ("peer", "rounds"):
            if getattr(options, name) not in (None, False) and name not in PARTS[part]:
                raise ConfigError(f"{flag(name)} has no effect with {flag(part)}: leave one of the two out.")
    if options.rounds is not None and options.rounds < 1:
        raise ConfigError(f"rounds = {options.rounds} is not allowed: give 1 or more.")


def complain(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; returns the exit code."""
    options = tyro.cli(Bench, args=argv, prog="python -m benchmarks")
    try:
        refuse(options)
        result = measure(options, complain)
    except ConfigError as error:
        complain(f"benchmarks: {error}")
        return 2
    print(json.dumps(result) if options.json else report(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
