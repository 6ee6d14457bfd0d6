"""The shapes that travel through a follow-up call."""

from schemas.shapes import Shape


class CallPlan(Shape):
    """How a customer is called: how often at most, about which cases, whom else the call must not go to.

    handlers   who handled the cases, and does not call about them; agent: whose call it is
    """

    attempts: int
    numbers: list[str]
    handlers: list[str]
    agent: str
    phone: str

    @property
    def said(self) -> str:
        """Whose call it is."""
        return self.agent
