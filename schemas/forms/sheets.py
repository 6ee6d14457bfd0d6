"""The form that starts the import of a sheet."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from schemas.forms.base import Form
from schemas.forms.fields import Remark, label
from schemas.sheet_kinds import SheetKind, sheet_kinds
from schemas.words import Labelled

AUTO = "auto"
PLACE = "表格目录中的文件或网址 a file in the folder of sheets, or a URL, .xlsx or .csv"


def kind_words() -> type[Labelled]:
    """Give the kinds as words, offered and read as "审核修正 review"; AUTO where the sheet itself tells."""
    titles = {AUTO: "自动识别"} | {code: kind.title for code, kind in sheet_kinds().items()}
    return Labelled("KindWord", {code: (code, title) for code, title in titles.items()})  # type: ignore[arg-type, return-value]


def _offered(schema: dict[str, Any]) -> None:
    schema["enum"] = [word.option for word in kind_words()]


class SheetImport(Form):
    """导入单: which sheet is to be taken in."""

    file: Annotated[Remark, Field(min_length=1), label("文件", "File", PLACE)]
    kind: Annotated[str, BeforeValidator(lambda given: kind_words().parse(given).value), label("表种", "Kind")] = Field(
        AUTO, json_schema_extra=_offered
    )

    @property
    def sheet_kind(self) -> SheetKind | None:
        """The kind that was chosen; None where the sheet itself tells."""
        return None if self.kind == AUTO else sheet_kinds()[self.kind]
