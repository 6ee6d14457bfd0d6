"""The shapes that travel through a follow-up call."""

from schemas.shapes import Shape
from schemas.words import Role


class CallPlan(Shape):
    """How a customer is called: how often at most, about which cases, whom else the call must not go to.

    handlers   who handled the cases, and does not call about them; agent: whose call it is
    role       who may call: the agents, where all of them handled something of it the SUPERVISOR
    """

    attempts: int
    numbers: list[str]
    handlers: list[str]
    agent: str
    role: Role
    phone: str

    @property
    def said(self) -> str:
        """Whose call it is."""
        return self.agent


class Added(Shape):
    """Further reasons of a call: about which cases, and who may not make it any more."""

    numbers: list[str]
    handlers: list[str]

    @property
    def said(self) -> str:
        """Which cases."""
        return " ".join(self.numbers)
