"""The form that starts the import of a sheet."""

from typing import Annotated, Any

from pydantic import Field
from pydantic_core import core_schema

from schemas.forms.base import Form
from schemas.forms.fields import Remark, label
from schemas.sheet_kinds import SheetKind, sheet_kinds

AUTO = "auto"
PLACE = "服务器上的路径或网址 a path on the server or a URL, .xlsx or .csv"


class KindName:
    """The code of a sheet kind, offered and read as "审核修正 review"; AUTO where the sheet itself tells."""

    @classmethod
    def options(cls) -> dict[str, str]:
        """Give what may be chosen: what a dialog shows → the kind's code."""
        titles = {AUTO: "自动识别"} | {code: kind.title for code, kind in sheet_kinds().items()}
        return {f"{title} {code}": code for code, title in titles.items()}

    @classmethod
    def parse(cls, given: object) -> str:
        """Read an option, a title or a code; ValueError names what was expected."""
        options = cls.options()
        for option, code in options.items():
            if given in (option, code, option.removesuffix(f" {code}")):
                return code
        raise ValueError("应为 expected one of: " + " / ".join(options))

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(cls.parse)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: Any, handler: Any) -> dict[str, Any]:
        return {"type": "string", "enum": list(cls.options())}


class SheetImport(Form):
    """导入单: which sheet is to be taken in."""

    file: Annotated[Remark, Field(min_length=1), label("文件", "File", PLACE)]
    kind: Annotated[str, KindName, label("表种", "Kind")] = AUTO

    @property
    def sheet_kind(self) -> SheetKind | None:
        """The kind that was chosen; None where the sheet itself tells."""
        return None if self.kind == AUTO else sheet_kinds()[self.kind]
