"""The values that travel from collectors to reports. No I/O, nothing derived.

Import from the modules: `diag.model.snapshot`, `diag.model.wait`, ...
All records are frozen, keyword-only msgspec structs; units stand in the names.
"""
