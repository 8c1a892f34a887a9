"""Checks for the exercises, one module per lesson: each tells right from wrong, and why."""

from twmr_nb.checks.start_here import whegs_height
from twmr_nb.checks.training import clipped_objective, diagnosis, horizon_seconds, samples_per_update
from twmr_nb.checks.verdict import Verdict
from twmr_nb.checks.watching import episodes_needed, half_height, noise_gap, where_it_ended

__all__ = [
    "Verdict",
    "clipped_objective",
    "diagnosis",
    "episodes_needed",
    "half_height",
    "horizon_seconds",
    "noise_gap",
    "samples_per_update",
    "whegs_height",
    "where_it_ended",
]
