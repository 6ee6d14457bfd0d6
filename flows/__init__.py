"""The processes and the jobs of the house."""

import importlib
import pkgutil


def load() -> None:
    """Import every module of this package, so that all processes and jobs are known."""
    for module in pkgutil.walk_packages(__path__, f"{__name__}."):
        importlib.import_module(module.name)
