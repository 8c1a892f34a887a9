"""Policies: saved ones, those written by hand, and those that come with the package."""
