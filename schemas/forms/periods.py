"""The form of scheduled work that a person starts: for which days."""

from datetime import date
from typing import Annotated, Self

from pydantic import model_validator

from schemas.forms.base import Form
from schemas.forms.fields import label


class PeriodWanted(Form):
    """For which days, both included; left empty: whatever is due and was not done."""

    since: Annotated[date | None, label("起始日", "First day", "空则为到期未做的期间 empty: what is due")] = None
    until: Annotated[date | None, label("截止日", "Last day", "含当日 included")] = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if (self.since is None) != (self.until is None):
            raise ValueError("起始日和截止日须同时填写或都不填 give both days or neither")
        if self.since and self.until and self.since > self.until:
            raise ValueError(f"起始日 {self.since} 晚于截止日 the first day is after the last, {self.until}")
        return self
