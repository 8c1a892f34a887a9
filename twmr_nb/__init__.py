"""A notebook suite that trains a transformable-wheel robot to climb a step: `import twmr_nb as tw`.

The public names are listed in `__init__.pyi`, with the module that each comes from; a module is loaded when its first
name is used.
"""

import importlib
import sys
from functools import partial
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
    formatter.for_type_by_name("twmr_nb.runs.run", "Run", partial(show_in, "live", "LiveView"))
    formatter.for_type_by_name("twmr_nb.lab.sweep", "Sweep", partial(show_in, "sweep", "SweepView"))


def show_in(module: str, view: str, work: Any) -> None:
    from IPython.display import display

    display(getattr(importlib.import_module(f"twmr_nb.ui.{module}"), view)(work))


if (ipython := sys.modules.get("IPython")) and (shell := ipython.get_ipython()):
    show_runs_live(shell)
