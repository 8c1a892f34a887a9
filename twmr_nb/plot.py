"""`tw.plot`: the figures and tables of the lessons, which say in a sentence what they cannot draw."""

import functools
import inspect
from collections.abc import Callable
from typing import Any

from twmr_nb.draw.charts import lines
from twmr_nb.draw.curves import learning_curves
from twmr_nb.draw.episode import reward_traces, signal_traces, term_totals
from twmr_nb.draw.evaluations import success_over_height, wheels_along, where_they_ended
from twmr_nb.draw.observations import gates_along, seen_in, senses
from twmr_nb.draw.sketches import belly_height, climbing_rules, motion, wheel_poses
from twmr_nb.draw.spread import spread_curves, spread_dots
from twmr_nb.draw.table import Table
from twmr_nb.markup import Formula, one_line, shown
from twmr_nb.types import ConfigError, Mistake

__all__ = [
    "Formula",
    "Table",
    "belly_height",
    "climbing_rules",
    "gates_along",
    "learning_curves",
    "lines",
    "motion",
    "reward_traces",
    "seen_in",
    "senses",
    "signal_traces",
    "spread_curves",
    "spread_dots",
    "success_over_height",
    "term_totals",
    "wheel_poses",
    "wheels_along",
    "where_they_ended",
]


def in_a_sentence(draw: Callable[..., Any]) -> Callable[..., Any]:
    """The function, with a ConfigError for the many errors that come of giving it something else than it draws."""

    @functools.wraps(draw)
    def drawn(*given: Any, **more: Any) -> Any:
        inspect.signature(draw).bind(*given, **more)
        try:
            return draw(*given, **more)
        except Mistake:
            raise
        except (TypeError, ValueError, AttributeError, LookupError) as error:
            name, what = f"tw.plot.{draw.__name__}", ", ".join(map(shown, [*given, *more.values()]))
            raise ConfigError(
                f"{name} cannot draw {what} ({one_line(error)}): help({name}) says what to give."
            ) from error

    return drawn


for name in __all__:
    if inspect.isfunction(figure := globals()[name]):
        globals()[name] = in_a_sentence(figure)
