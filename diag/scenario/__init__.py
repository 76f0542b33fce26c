"""Runs the failures of the scenarios folder, within real limits, and compares their variants.

The programs themselves never import diag; what is true of them stands in their labels.
"""
