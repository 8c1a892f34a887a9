"""Checks for the exercises, one module per lesson: each tells right from wrong, and why."""

from twmr_nb.checks.start_here import whegs_height
from twmr_nb.checks.verdict import Verdict

__all__ = [
    "Verdict",
    "whegs_height",
]
