"""The SQL of payments: the lines of a case with what was paid."""

from sqlalchemy import Connection, func, select

from schemas.shapes import LineTable, money
from schemas.tables import payment
from schemas.words import PaymentKind
from tasks.lines.queries import line_table


def paid_table(connection: Connection, case_id: int) -> LineTable:
    """Show the lines of a case, and what was paid and given back of it."""
    of = payment.c
    paid = select(of.kind, func.sum(of.amount)).where(of.case_id == case_id).group_by(of.kind).order_by(of.kind)
    told = [f"{PaymentKind(kind).zh} {money(amount)}" for kind, amount in connection.execute(paid)]
    table = line_table(connection, case_id)
    return table._replace(facts=[*table.facts, *([("已付 Paid", "；".join(told))] if told else [])])
