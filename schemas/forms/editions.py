"""The form of a published report that is corrected: which one, for which days, why."""

from typing import Annotated, ClassVar

from pydantic import Field

from schemas.forms.base import Decision
from schemas.forms.fields import Day, Name, ReasonText, label


class Correction(Decision):
    """报表更正: a new edition of a published report, of what is known now."""

    first: ClassVar = ("report", "since", "until")
    report: Annotated[Name, label("报表", "Report", "名称或代码 its title or code, e.g. cycle")]
    since: Annotated[Day, label("起始日", "First day")]
    until: Annotated[Day, label("截止日", "Last day", "含当日 included")]
    reason: Annotated[ReasonText, Field(min_length=1)]
