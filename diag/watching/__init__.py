"""Looks at a running tree over time."""
