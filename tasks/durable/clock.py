"""The one source of business time; tests move it with time-machine."""

from datetime import UTC, datetime


def now() -> datetime:
    """Give the present moment, aware, in UTC."""
    return datetime.now(UTC)


of_machine = now  # what Prefect's server goes by: where `now` is replaced by simulated time, this one is not
