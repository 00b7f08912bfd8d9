"""flake8-ipc: finds misuse of inter-process communication in Python, before it runs and while it runs."""

__version__ = "0.1.0"
