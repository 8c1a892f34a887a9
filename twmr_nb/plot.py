"""`tw.plot`: the figures and tables of the lessons."""

from twmr_nb.draw.charts import lines
from twmr_nb.draw.curves import learning_curves
from twmr_nb.draw.episode import reward_traces, signal_traces, term_totals
from twmr_nb.draw.evaluations import success_over_height, wheels_along, where_they_ended
from twmr_nb.draw.observations import gates_along, seen_in, senses
from twmr_nb.draw.sketches import belly_height, climbing_rules, motion, wheel_poses
from twmr_nb.draw.spread import spread_curves, spread_dots
from twmr_nb.draw.table import Table
from twmr_nb.markup import Formula

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
