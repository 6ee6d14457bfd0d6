"""`aftersales`: start the product, apply, see what waits, decide; for people and (`--json`) machines.

Exit code 0: done; 1: refused, or an error told in one line on stderr; 2: a command that was typed wrong.
"""

from deployments.cli import clocks, desk, exports, house, lookups, reports, sheets  # noqa: F401  each registers its commands
from deployments.cli.session import app

if __name__ == "__main__":
    app()
