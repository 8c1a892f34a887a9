"""Checks for the exercises, one module per lesson: each tells right from wrong, and why."""
