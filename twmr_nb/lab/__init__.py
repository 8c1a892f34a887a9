"""Experiments: variants, several seeds, one verdict."""
