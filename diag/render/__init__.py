"""From a report to text, one module per format: no terminal checks, no clock, no files."""
