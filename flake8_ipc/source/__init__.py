"""The source witness: reads a program's text (``read.read``) and tells, in the model's language, what it can do.

Empty on purpose: the door imports ``scan`` from here without libcst.
"""
