"""Settings: values, bounds, units and words, presets, and settings as text."""
