"""The questions that rules ask of a program."""
