"""Accepting a report of an anomaly: an open line of an open case of the own office (DOMAIN 6)."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, select

from schemas.forms.anomalies import AnomalyKind, AnomalyReport
from schemas.forms.base import Request
from schemas.problems import Problem
from schemas.shapes import LineTable, Measure
from schemas.tables import service_case
from schemas.words import Channel, Role
from tasks.anomalies.queries import charges, held_sources, source_of, sources
from tasks.anomalies.rules import SOURCE, Source, source_problems
from tasks.applications.accept import NO_OFFICE
from tasks.durable.process import PROCESSES
from tasks.people.queries import offices
from tasks.people.rights import on_staff
from tasks.policies.queries import version_today
from tasks.unit.unit import Unit

REPORTER = "申报人工号 reporter"
MAY_REPORT = (Role.WORKSHOP, Role.WAREHOUSE, Role.LOGISTICS, Role.QUALITY, Role.PARTS_REVIEWER, Role.PLANNER)
OF_THE_SOURCE = ("urgency", "order_no", "model", "customer_name", "customer_phone", "customer_address")
HEADINGS = ("行", "配件 Part", "数量 Qty", "异常 Anomaly", "情况 What is wrong")


def accept_report(form: AnomalyReport, unit: Unit, channel: Channel) -> tuple[Mapping[str, Any], list[Problem]]:
    """Give the facts of the case, those of its source, and every problem of a report that somebody made.

    What the source itself reports needs no check. The case is tied to its source whoever opens it.
    """
    source = unit.read_by(held_sources, source_of, form)
    office = unit.read(offices).get(form.office)
    problems = list[Problem]()
    if channel != Channel.SYSTEM:
        problems = _reporter_problems(form, unit, office) + source_problems(form, source, office.code if office else "")
        problems = problems or _own_forms(form, source)
    if problems or source is None or office is None:
        return {}, problems
    source.claimed[form.line_no] += form.quantity  # others of the same sheet see it
    known = {name: getattr(source.case, name) for name in OF_THE_SOURCE}
    own = {"office": office.code, "applicant": form.applicant, "parent_id": source.case.id}
    return known | own | {"policy_version": unit.read(version_today)}, []


def _own_forms(form: AnomalyReport, source: Source | None) -> list[Problem]:
    request = PROCESSES[source.case.process].request if source else Request
    says_itself = issubclass(request, Request) and request.says_itself
    return [Problem(SOURCE, form.source, says_itself)] if says_itself else []


def _reporter_problems(form: AnomalyReport, unit: Unit, office: Any) -> list[Problem]:
    if office is None:
        return [Problem("办事处 office", form.office, NO_OFFICE + unit.read(offices).meant(form.office))]
    person = on_staff(unit, form.applicant, REPORTER)
    if isinstance(person, Problem):
        return [person]
    if person.holds(Role.OFFICE, office.code) or any(person.holds(role) for role in MAY_REPORT):
        return []
    expected = (
        f"须为{office.name}的售后人员，或车间、仓库、物流、品管、审核、计划人员 must be of the office or the house"
    )
    return [Problem(REPORTER, str(person), expected)]


def report_table(connection: Connection, case_id: int) -> LineTable:
    """Show what an anomaly is about, and who was charged for it."""
    wanted = select(service_case.c.request).where(service_case.c.id == case_id)
    request = connection.execute(wanted).scalar_one()
    source = sources(connection, [request["source"]])[request["source"]]
    line, kind = source.lines[request["line_no"]], AnomalyKind(request["kind"])
    row = (line.line_no, f"**{line.part_name}**", Measure(request["quantity"], ""), kind.zh, request["found"])
    paid = charges(connection, [case_id])[case_id]
    charged = "；".join(f"{one.party or '部门 department'} {one.amount} CNY" for one in paid)
    facts = [("来源 Source", request["source"]), ("照片 Photos", request["photos"]), ("费用 Charged", charged)]
    return LineTable(HEADINGS, [row], [fact for fact in facts if fact[1]])
