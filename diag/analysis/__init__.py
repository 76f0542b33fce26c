"""Derives evidence from snapshots: pure functions from values to values, no I/O."""
