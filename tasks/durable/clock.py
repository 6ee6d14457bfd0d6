"""The one source of business time; tests move it with time-machine."""

from datetime import UTC, datetime


def now() -> datetime:
    """Give the present moment, aware, in UTC."""
    return datetime.now(UTC)


def of_machine() -> datetime:
    """Give the moment by the machine, as Prefect's server has it; where time is simulated, business time may be ahead."""
    return datetime.now(UTC)
