"""flake8-ipc: finds misuse of inter-process communication in Python, before it runs and while it runs.

PYTEST_DONT_REWRITE: pytest would rewrite what has a plugin of its, and warns where that is imported already, as it is in a
program that the run watches.
"""

__version__ = "0.1.0"
