"""Quality inspection of goods that were repaired, or came back (DOMAIN 2, 5)."""

from typing import Annotated

from schemas.forms import fields
from schemas.forms.base import Decision
from schemas.forms.fields import Cell, label, needed
from schemas.sheet_kinds import sheet
from schemas.words import Labelled


class Passed(Labelled):
    """What QUALITY says of goods."""

    PASS = "pass", "合格"
    FAIL = "fail", "不合格"


@sheet("inspection", "质量检验", signer=("品管", "E1022"), hints=("一行一单。返修件合格后才能入库。",))
class QualityInspection(Decision):
    """质量检验: QUALITY passes goods, or says what is wrong with them."""

    verdict: Annotated[Passed, label("检验结论", "Verdict"), Cell("合格", "从列表中选择；空则跳过", 10)]
    tests: Annotated[fields.Name, label("检验项目", "Tests"), Cell("外观、尺寸", width=24)]
    reason: Annotated[fields.ReasonText, needed("不合格时必填 needed to fail it")] = ""
