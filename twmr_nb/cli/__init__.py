"""The command line: `twmr`."""
