"""A Wednesday morning in Shanghai, and people at work."""

from tests.flows.conftest import play, today

__all__ = ["play", "today"]
