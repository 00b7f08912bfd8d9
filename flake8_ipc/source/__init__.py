"""The source witness: reads a program's text and tells, in the model's language, what it can do."""

from .read import NotAnalysed, read

__all__ = ["NotAnalysed", "read"]
