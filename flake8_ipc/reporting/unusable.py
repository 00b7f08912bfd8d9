"""What ends the command with one line and status 2."""

from __future__ import annotations


class Unusable(Exception):
    """Something that the user gave cannot be used; the message is the line for them."""
