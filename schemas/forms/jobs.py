"""The forms that start jobs over many cases."""

from pydantic import Field

from schemas.forms.base import Form, Text


class CasesToAdvance(Form):
    """推进单: which cases are to go on."""

    numbers: Text = Field(
        "",
        alias="单号",
        title="单号 Case numbers",
        description="用空格或换行分开，留空为全部待推进的单据 leave it empty for all cases that have work to do",
    )
