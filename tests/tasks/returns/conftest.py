"""A Wednesday morning in Shanghai, and people at work."""

from tests.flows.conftest import play

__all__ = ["play"]
