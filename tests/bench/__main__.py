"""Run benchmarks, print a table, and keep the figures in bench.json (medians, versions, cores)."""

import importlib
import json
import os
import platform
import sys
from importlib.metadata import version
from pathlib import Path

from rich.console import Console
from rich.table import Table

BENCHES = ["core"]
RESULT = Path("bench.json")


def main(wanted: str) -> int:
    """Run one benchmark or all; 1 when a bound is missed."""
    names = BENCHES if wanted == "all" else [wanted]
    if unknown := [name for name in names if name not in BENCHES]:
        print(f"no benchmark named {unknown[0]}; there are: all, {', '.join(BENCHES)}")
        return 1
    result = json.loads(RESULT.read_text()) if RESULT.exists() else {}
    missed = False
    for name in names:
        figures = importlib.import_module(f"tests.bench.{name}").run()
        result[name] = {figure.name: figure.value for figure in figures}
        table = Table(title=f"bench {name}")
        for column in ("figure", "measured", "bound", ""):
            table.add_column(column)
        for figure in figures:
            table.add_row(
                figure.name, f"{figure.value:.3f}", figure.bound, "ok" if figure.holds else "MISSED"
            )
            missed |= not figure.holds
        Console().print(table)
    result["machine"] = {
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        **{package: version(package) for package in ("prefect", "sqlalchemy", "psycopg")},
    }
    RESULT.write_text(json.dumps(result, indent=2))
    return int(missed)


sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "all"))
