"""People who call, on a Wednesday morning in Shanghai."""

from tests.flows.conftest import play
from tests.flows.jobs.conftest import shown

__all__ = ["play", "shown"]
