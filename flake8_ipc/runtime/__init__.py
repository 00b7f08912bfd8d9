"""The run: a shim over multiprocessing that watches a program and has the linter's rules judge what it did."""
