"""Episodes: recorded, scored again, measured, judged."""
