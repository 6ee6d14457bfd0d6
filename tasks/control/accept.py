"""Coming to control the lines of a case: by the watch as soon as they are planned, or by people before it does."""

from collections.abc import Mapping
from operator import attrgetter
from typing import Any

from schemas.answers import Answer
from schemas.forms.cycles import CycleRequest
from schemas.problems import Problem
from schemas.tables import production_order
from schemas.words import Channel, Role
from tasks.applications.accept import office_problems
from tasks.control.queries import ControlledCase, sources
from tasks.people.queries import offices
from tasks.unit.unit import Unit
from tasks.unit.work import Work

BY_SOURCE = attrgetter("source")
FIELD = "来源单号 source"
WITH_SOURCE = "周期管控随来源单结束，请撤回来源单 ends with its source: withdraw that"


def accept_cycle(form: CycleRequest, unit: Unit, channel: Channel) -> tuple[Mapping[str, Any], list[Problem]]:
    """Give the facts of the case, those of its source, and every problem of a request."""
    source = unit.read_by(sources, BY_SOURCE, form)
    if source is None:
        return {}, [Problem(FIELD, form.source, "没有这个单号，请核对 there is no such case: check the number")]
    case, problems = source.case, _source_problems(form, source)
    if channel != Channel.SYSTEM:
        problems += _people_problems(form, source, unit)
    own = {"office": case.office, "applicant": form.applicant, "urgency": case.urgency, "model": case.model}
    return own | {"policy_version": case.policy_version, "parent_id": case.id}, problems


def _source_problems(form: CycleRequest, source: ControlledCase) -> list[Problem]:
    if source.free:
        return []
    by = "、".join(sorted({order.number or "" for order in source.orders}))
    controlled = f"已由 {by} 管控 is controlled by {by or 'another'}"
    expected = controlled if source.orders else "没有已计划生产的行 has no line that is to be made"
    return [Problem(FIELD, form.source, expected)]


def _people_problems(form: CycleRequest, source: ControlledCase, unit: Unit) -> list[Problem]:
    problems, case = list[Problem](), source.case
    if case.closed_at:
        problems.append(Problem(FIELD, form.source, "本单已结案 the case is closed"))
    if form.office != case.office:
        problems.append(Problem("办事处 office", form.office, f"来源单属 {case.office} is the office of the source"))
    return problems + office_problems(form, unit, unit.read(offices).get(case.office), [Role.PLANNER])


def begin_cycle(form: CycleRequest, work: Work) -> None:
    """Take charge of what of the source nobody controls."""
    source = work.unit.read_by(sources, BY_SOURCE, form)
    assert source is not None
    for order in source.free:
        key = {"case_id": source.case.id, "line_no": order.line_no, "turn": order.turn}
        work.update(production_order, key, cycle_id=work.case.id)


def ends_with_source(work: Work, answer: Answer) -> Problem | None:
    """Say why nobody may take a control back: it ends with its source."""
    return None if answer.channel == Channel.SYSTEM else Problem("单据 case", work.case.number, WITH_SOURCE)


def nothing_left(_work: Work) -> None:
    """A control that ends leaves nothing open."""
