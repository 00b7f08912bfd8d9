"""What is watched: one file for each part of multiprocessing, and the folder is the registry."""

from __future__ import annotations

import importlib
import pkgutil


def install() -> None:
    """Watches every part; a part that this Python does not have, or has otherwise, is left alone."""
    for module in pkgutil.iter_modules(__path__):
        try:
            importlib.import_module(f"{__name__}.{module.name}").install()
        except (ImportError, AttributeError):
            continue
