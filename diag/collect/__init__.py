"""Reads the outside world, one module per source. Judges nothing, pauses nothing."""
