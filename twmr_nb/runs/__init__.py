"""Runs: their folders, what identifies them, and the thread that trains."""
