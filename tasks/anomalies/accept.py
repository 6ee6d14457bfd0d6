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
from tasks.anomalies.rules import LINE, SOURCE, Source, source_problems
from tasks.applications.accept import office_problems
from tasks.cycle.rules import at
from tasks.cycle.terms import working_days
from tasks.durable import clock
from tasks.durable.process import PROCESSES
from tasks.logistics.rules import unchecked_problems
from tasks.people.queries import offices, people
from tasks.policies.queries import version_today
from tasks.unit.unit import Unit
from tasks.unit.work import Work

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
        problems = office_problems(form, unit, office, MAY_REPORT) + source_problems(
            form, source, office.code if office else ""
        )
        problems = problems or _own_forms(form, source)
        problems += _term_problems(form, source, office.code, unit) if not problems and source and office else []
    if problems or source is None or office is None:
        return {}, problems
    source.claimed[form.line_no] += form.quantity  # others of the same sheet see it
    known = {name: getattr(source.case, name) for name in OF_THE_SOURCE}
    own = {"office": office.code, "applicant": form.applicant, "parent_id": source.case.id}
    return known | own | {"policy_version": unit.read(version_today)}, []


def _own_forms(form: AnomalyReport, source: Source | None) -> list[Problem]:
    """Check that the source has no forms of its own that say what is wrong with its goods."""
    request = PROCESSES[source.case.process].request if source else Request
    says_itself = issubclass(request, Request) and request.says_itself
    return [Problem(SOURCE, form.source, says_itself)] if says_itself else []


def _term_problems(form: AnomalyReport, source: Source, office: str, unit: Unit) -> list[Problem]:
    """Check that what is wrong with goods that arrived is reported within the check's term (DOMAIN 1.11)."""
    by_office, arrived = (
        unit.read(people)[form.applicant].holds(Role.OFFICE, office),
        source.lines[form.line_no].picked_on,
    )
    if arrived is None or not source.left(form.line_no, form.quantity, by_office):
        return []
    work = Work(unit, source.case, {}, "report", clock.now())
    return unchecked_problems(LINE, form.line_no, working_days("check", at(arrived))(work), work.now)


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
