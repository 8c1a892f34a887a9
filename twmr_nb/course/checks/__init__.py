"""Checks for the exercises, one module per lesson: each tells right from wrong, and why."""

from twmr_nb.course.checks.cells import watch

watch()
