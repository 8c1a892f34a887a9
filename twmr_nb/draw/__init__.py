"""Every figure, film and table, in one style."""
