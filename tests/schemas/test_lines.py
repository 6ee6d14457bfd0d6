"""Lists of lines in dialogs: the first line is there to be filled in."""

from schemas.forms.applications import PartsApplication, PartsResubmission
from schemas.forms.base import form_schema


def test_a_form_that_wants_lines_opens_with_an_empty_one() -> None:
    schema = form_schema(PartsApplication)
    assert schema["properties"]["明细"]["default"] == [{}]
    assert "明细" in schema["required"], "an empty line is no answer"


def test_lines_that_are_known_are_shown_instead() -> None:
    known = [{"行号": 1, "配件名称": "柜门板(左)"}]
    assert form_schema(PartsResubmission, {"明细": known})["properties"]["明细"]["default"] == known
