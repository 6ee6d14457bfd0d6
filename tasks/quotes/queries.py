"""The SQL of payments: the lines of a case with what was paid."""

from collections.abc import Sequence
from operator import attrgetter

from sqlalchemy import Connection, func, select

from schemas.shapes import LineTable, money
from schemas.tables import payment, refund, service_case
from schemas.words import PaymentKind
from tasks.lines.queries import line_table
from tasks.unit.among import among

BY_REFERENCE = attrgetter("reference")  # of forms that tell of money


def paid_table(connection: Connection, case_id: int) -> LineTable:
    """Show the lines of a case, and what was paid and given back of it."""
    of = payment.c
    paid = select(of.kind, func.sum(of.amount)).where(of.case_id == case_id).group_by(of.kind).order_by(of.kind)
    told = [f"{PaymentKind(kind).zh} {money(amount)}" for kind, amount in connection.execute(paid)]
    table = line_table(connection, case_id)
    return table._replace(facts=[*table.facts, *([("已付 Paid", "；".join(told))] if told else [])])


def references(connection: Connection, wanted: Sequence[str]) -> dict[str, list[str]]:
    """Find the cases in which payments or refunds have these references: reference → case numbers."""
    found = {reference: list[str]() for reference in wanted}
    for column in (payment.c.reference, refund.c.reference, refund.c.bank_line):
        of = select(column, service_case.c.number).join(service_case, service_case.c.id == column.table.c.case_id)
        for reference, number in connection.execute(of.where(among(column, wanted))):
            found[reference].append(number)
    return found
