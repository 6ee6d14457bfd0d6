"""The shapes that travel through a call audit."""

from decimal import Decimal

from schemas.shapes import Shape, money


class Score(Shape):
    """What a call was scored: of 100, and what its forbidden answers cost."""

    score: int | None
    forbidden: int
    deduction: Decimal

    @property
    def said(self) -> str:
        """The score, and the deduction if there is one."""
        cost = f" · 禁语 {self.forbidden} 次 {money(self.deduction)} CNY" if self.forbidden else ""
        return f"{'—' if self.score is None else self.score} 分{cost}"
