"""The command line: reads arguments, calls the pipeline, prints. Decides nothing.

Modules here import at the top only what is cheap: `diag` has to start in a tenth of a
second, so commands import models and renderers when they run.
"""

from diag.cli.app import main

__all__ = ["main"]
