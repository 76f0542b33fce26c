"""`pytest --diag`: what runs inside of pytest, and the process that watches it.

Inside (board, session, leaks): light, and only there with the option. Outside
(`python -m diag.pytest_monitor`): looks, judges, interrupts.
"""
