"""A notebook suite that trains a transformable-wheel robot to climb a step: `import twmr_nb as tw`.

The public names are listed in `__init__.pyi`, with the module that each comes from; a module is loaded when its first
name is used.
"""

import sys
from typing import Any

from twmr_nb.graphics import settle

settle()  # before anything else imports mujoco

import gymnasium
import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

gymnasium.register(
    id="twmr_nb/Twmr-v0",
    entry_point="twmr_nb.task.gym_env:TwmrSingleEnv",
    vector_entry_point="twmr_nb.task.env:TwmrEnv",
)


def show_runs_live(shell: Any) -> None:
    """From here on, a run or a sweep as the last line of a cell of this IPython shell is its own live view."""
    formatter = shell.display_formatter.ipython_display_formatter
    formatter.for_type_by_name("twmr_nb.runs.run", "Run", show_live)
    formatter.for_type_by_name("twmr_nb.lab.sweep", "Sweep", show_sweep)


def show_sweep(sweep: Any) -> None:
    from IPython.display import display

    from twmr_nb.ui.sweep import SweepView

    display(SweepView(sweep))


def show_live(run: Any) -> None:
    from IPython.display import display

    from twmr_nb.ui.live import live_view

    display(live_view(run))


if (ipython := sys.modules.get("IPython")) and (shell := ipython.get_ipython()):
    show_runs_live(shell)
