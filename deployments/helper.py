"""How a process begins that helps one of ours with a sheet: it knows all processes and reaches the same database."""

from sqlalchemy import Engine

import flows
from deployments.database import connect

THREADS = 2


def join(url: str) -> Engine:
    """Load the processes and give an engine on the database."""
    flows.load()
    return connect(url, threads=THREADS)
