"""``python -m flake8_ipc``: the command."""

import sys

from .command import main

if __name__ == "__main__":
    sys.exit(main())
