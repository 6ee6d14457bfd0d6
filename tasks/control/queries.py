"""The SQL of cycle control: what is to be controlled, how far it is, what was finished when, what it has cost."""

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, func, select, text

from schemas.forms.anomalies import AnomalyKind
from schemas.forms.base import clock_stopping_forms, form_path
from schemas.forms.cycles import CycleProgress, SourceEnded
from schemas.forms.production import ProductionReport
from schemas.shapes import LineTable, Measure
from schemas.tables import production_order, service_case
from schemas.words import MovementKind, Role
from tasks.control.rules import UnitPlan
from tasks.durable.process import PROCESSES
from tasks.lines.queries import hold_lines_above
from tasks.unit.among import among

_DAY = "({} AT TIME ZONE 'Asia/Shanghai')::date"
_PROGRESS = f"""json_build_object(
    'orders', (SELECT json_agg(json_build_object(
        'line_no', o.line_no, 'turn', o.turn, 'unit', o.unit, 'quantity', o.quantity::text,
        'since', o.since, 'days', o.days, 'promised', o.promised, 'state', o.state,
        'late_on', CASE WHEN o.made_on > o.promised THEN o.made_on END) ORDER BY o.turn, o.line_no)
        FROM production_order o WHERE o.cycle_id = c.id AND o.unit = i.unit),
    'pauses', coalesce((SELECT json_agg(json_build_object(
        'start', {_DAY.format("p.opened_at")}, 'end', {_DAY.format("p.closed_at")}, 'line_no', p.line)
        ORDER BY p.opened_at, p.step_key)
        FROM work_item p WHERE p.case_id = c.parent_id AND p.form = ANY(:stops)), '[]'))"""
_UNITS = text(f"""
    SELECT c.id, i.unit, u.name AS unit_name, s.number AS source, {_PROGRESS} AS progress
    FROM service_case c JOIN service_case s ON s.id = c.parent_id
    JOIN (SELECT DISTINCT cycle_id, unit FROM production_order WHERE cycle_id = ANY(:ids)) i ON i.cycle_id = c.id
    JOIN production_unit u ON u.code = i.unit ORDER BY c.id, i.unit""")
# of cases that moved since they were last looked at; those that are still moving are looked at again
_MOVED = text(f"""
    SELECT id, number, CASE WHEN ready_at IS NULL THEN seq END AS seq,
           (SELECT json_agg(json_build_array(case_id, step_key, news) ORDER BY case_id, step_key) FROM (
                SELECT i.case_id, i.step_key, i.prefill, CASE WHEN i.form = :progress THEN {_PROGRESS} END AS news
                FROM service_case c JOIN work_item i ON i.case_id = c.id
                WHERE c.parent_id = s.id AND i.role = '{Role.SYSTEM}' AND i.closed_at IS NULL
                  AND (i.form = :progress OR i.form = :ended AND s.closed_at IS NOT NULL)
           ) seen WHERE news IS NULL OR news::jsonb <> prefill::jsonb) AS news
    FROM service_case s WHERE watched_seq <> seq ORDER BY id""")
_IN_ORDER = "id IN (SELECT id FROM service_case WHERE id = ANY(:ids) ORDER BY id FOR NO KEY UPDATE)"
_LOOK_AGAIN = text(f"UPDATE service_case SET watched_seq = -1 WHERE {_IN_ORDER}")
_FOLLOW = text("""
    UPDATE production_order SET followed = true
    WHERE case_id = ANY(:ids) AND cycle_id IS NOT NULL AND NOT followed""")
_LOOKED = text(f"""
    UPDATE service_case SET watched_seq = seen FROM unnest(CAST(:ids AS bigint[]), CAST(:seqs AS int[])) looked (at, seen)
    WHERE id = at AND {_IN_ORDER}""")
_LINES = text(f"""
    SELECT o.cycle_id, o.line_no, o.turn, o.unit, u.name AS unit_name, o.quantity, o.since, o.days, o.promised, o.planned,
           o.made_on, o.in_on, l.picked_on,
           CASE WHEN went THEN l.out_on END AS out_on, coalesce(went, false) AS went,
           l.part, l.part_name AS name, l.specification, l.colour, p.uom, l.price, l.price * l.quantity AS value,
           s.process, k.in_days, k.out_days, k.used, k.over, k.paused, k.made_in_time, k.in_in_time, k.out_in_time, k.withdrawn
    FROM production_order o JOIN case_line l USING (case_id, line_no) JOIN part p ON p.code = l.part
    JOIN production_unit u ON u.code = o.unit JOIN service_case s ON s.id = o.case_id
    LEFT JOIN LATERAL (
        SELECT true AS went FROM stock_movement m
        WHERE m.case_id = o.case_id AND m.line_no = o.line_no
              AND m.kind IN ('{MovementKind.DELIVERY_OUT}', '{MovementKind.OWN_USE_OUT}')  -- handed over where it was repaired
        HAVING sum(m.quantity) < 0  -- what was put back has not left
    ) gone ON true
    LEFT JOIN line_cycle k ON k.case_id = o.cycle_id AND k.line_no = o.line_no AND k.turn = o.turn
    WHERE o.cycle_id = ANY(:ids) ORDER BY o.cycle_id, o.turn, o.line_no""")
_FINISHED = text(f"""
    WITH placed AS (SELECT * FROM production_order WHERE cycle_id = ANY(:ids)),
    reported AS (
        SELECT o.case_id, o.line_no, o.turn, {_DAY.format("l.finished_at")} AS made_on,
               sum((row ->> 'made')::numeric) AS quantity
        FROM placed o JOIN work_item i ON i.case_id = o.case_id AND i.unit = o.unit AND i.form = :report
             AND i.step_key LIKE 'produce-' || o.turn || '-%'
        JOIN ledger l ON l.case_id = i.case_id AND l.step_key = i.step_key AND l.kind = 'decision'
        CROSS JOIN json_array_elements(l.output -> 'lines') AS row
        WHERE (row ->> 'line_no')::int = o.line_no AND (row ->> 'made')::numeric > 0 GROUP BY 1, 2, 3, 4),
    done AS (
        SELECT * FROM reported UNION ALL SELECT case_id, line_no, turn, made_on, made FROM placed o
        WHERE made_on IS NOT NULL AND NOT EXISTS (  -- what is repaired is finished at once
            SELECT FROM reported r WHERE (r.case_id, r.line_no, r.turn) = (o.case_id, o.line_no, o.turn)))
    SELECT o.cycle_id, o.line_no, o.turn, o.unit, d.made_on, o.days, o.since, d.quantity
    FROM placed o JOIN done d USING (case_id, line_no, turn) ORDER BY 5, 2""")
_PENALISED = text("""
    SELECT c.id, p.line_no, sum(coalesce(p.confirmed, p.amount) + p.charged) FROM service_case c
    JOIN service_case k ON k.parent_id = c.parent_id JOIN penalty p ON p.case_id = k.id
    WHERE c.id = ANY(:ids) GROUP BY 1, 2""")
_CHARGED = text(f"""
    SELECT c.id, h.line_no, h.party, sum(h.amount) - coalesce((
        SELECT sum(p.charged) FROM service_case k JOIN penalty p ON p.case_id = k.id
        WHERE k.parent_id = c.parent_id AND p.line_no = h.line_no AND p.unit = h.party), 0)
    FROM service_case c JOIN service_case s ON s.id = c.parent_id JOIN charge h ON h.source = s.number
    WHERE c.id = ANY(:ids) AND h.kind = '{AnomalyKind.DELAYED}' GROUP BY c.id, h.line_no, h.party""")


class ControlledCase(NamedTuple):
    """A case, and what of it is to be made: line and turn, and which case controls it; its number once others see it."""

    case: Row[Any]
    orders: list[Row[Any]]

    @property
    def free(self) -> list[Row[Any]]:
        """What nobody controls yet."""
        return [order for order in self.orders if order.cycle_id is None]


class News(NamedTuple):
    """What an item does not know yet of the source of its case; nothing where all that it waits for is the end."""

    case_id: int
    step_key: str
    news: dict[str, Any] | None


class MovedCase(NamedTuple):
    """A case that moved since its controls last looked, and what they do not know yet; `seq` is empty while it moves."""

    id: int
    number: str
    seq: int | None
    news: list[News]


def unfollowed(connection: Connection, after: int, limit: int) -> Sequence[Row[Any]]:
    """Find the next cases by id with lines whose news reach nobody yet; `free` of them nobody controls.

    `plans` is how often anything was ordered of those.
    """
    free = production_order.c.cycle_id.is_(None)
    plans = func.max(production_order.c.turn).filter(free).label("plans")
    cases = select(service_case, func.count().filter(free).label("free"), plans).join(
        production_order, production_order.c.case_id == service_case.c.id
    )
    wanted = (~production_order.c.followed, service_case.c.process.in_(PROCESSES), service_case.c.id > after)
    grouped = cases.where(*wanted).group_by(service_case.c.id).order_by(service_case.c.id)
    return connection.execute(grouped.limit(limit)).all()


def bring_news(connection: Connection, case_ids: Sequence[int]) -> None:
    """Have the news of what is controlled of cases reach whom controls it, from the next look on."""
    for statement in (_LOOK_AGAIN, _FOLLOW):
        connection.execute(statement, {"ids": list(case_ids)})


def sources(connection: Connection, numbers: Sequence[str]) -> dict[str, ControlledCase]:
    """Find cases by number; what of them is to be made is held, so that nobody else comes to control it meanwhile."""
    cases = connection.execute(select(service_case).where(among(service_case.c.number, numbers))).all()
    order, control = production_order.c, service_case.alias()
    wanted = select(order.case_id, order.line_no, order.turn, order.cycle_id, control.c.number)
    wanted = wanted.outerjoin(control, control.c.id == order.cycle_id).with_for_update(of=production_order)
    of_cases = wanted.where(among(order.case_id, [case.id for case in cases]))
    rows = connection.execute(of_cases.order_by(order.case_id, order.line_no, order.turn)).all()
    return {case.number: ControlledCase(case, [row for row in rows if row.case_id == case.id]) for case in cases}


def units_of(connection: Connection, case_ids: Sequence[int]) -> dict[int, list[UnitPlan]]:
    """Say how far each unit is with what is controlled, by case."""
    found = defaultdict(list)
    for row in connection.execute(_UNITS, {"ids": list(case_ids), "stops": clock_stopping_forms()}):
        found[row.id].append(UnitPlan.model_validate(row._asdict()))
    return found


def moved_cases(connection: Connection) -> list[MovedCase]:
    """Find the controlled cases that moved, and what is not any more as their controls know it, in one query."""
    forms = {"progress": form_path(CycleProgress), "ended": form_path(SourceEnded)}
    given = forms | {"stops": clock_stopping_forms()}
    return [
        MovedCase(row.id, row.number, row.seq, [News(*news) for news in row.news or ()])
        for row in connection.execute(_MOVED, given)
    ]


def note_looked_at(connection: Connection, cases: Sequence[MovedCase]) -> None:
    """Note up to where cases that rest were looked at."""
    seqs = {case.id: case.seq for case in cases if case.seq is not None}
    if seqs:
        connection.execute(_LOOKED, {"ids": [*seqs], "seqs": [*seqs.values()]})


def lines_of(connection: Connection, case_ids: Sequence[int]) -> dict[int, list[Row[Any]]]:
    """Load what is known of controlled lines, and recorded, by case."""
    return _by_case(connection, _LINES, ids=list(case_ids))


def finished(connection: Connection, case_ids: Sequence[int]) -> dict[int, list[Row[Any]]]:
    """Find how many of each line were finished on which day, as the units reported it, by case."""
    return _by_case(connection, _FINISHED, ids=list(case_ids), report=form_path(ProductionReport))


def penalised(connection: Connection, case_ids: Sequence[int]) -> dict[tuple[int, int], Decimal]:
    """Add up what each line has cost so far: (case, line) → CNY; the cap is the line's for life."""
    rows = connection.execute(_PENALISED, {"ids": list(case_ids)})
    return defaultdict(Decimal, {(case_id, line_no): amount for case_id, line_no, amount in rows})


def charged(connection: Connection, case_ids: Sequence[int]) -> dict[tuple[int, int, str], Decimal]:
    """Add up what anomalies charge a unit for the delay of a line, beyond what penalties count already: CNY."""
    hold_lines_above(connection, case_ids)
    rows = connection.execute(_CHARGED, {"ids": list(case_ids)})
    return defaultdict(Decimal, {(case_id, line_no, unit): amount for case_id, line_no, unit, amount in rows})


def _by_case(connection: Connection, query: Any, **given: Any) -> dict[int, list[Row[Any]]]:
    found = defaultdict(list)
    for row in connection.execute(query, given):
        found[row.cycle_id].append(row)
    return found


HEADINGS = (
    "行",
    "配件 Part",
    "数量 Qty",
    "周期 wd",
    "承诺 Promised",
    "完成 Made",
    "入库 In",
    "出库 Out",
    "提货 Picked",
)
KEPT = {True: " ✓", False: " ✕", None: ""}


def cycle_table(connection: Connection, case_id: int) -> LineTable:
    """Show the lines that a case controls: the standard of each, its dates, and whether each stage kept its term."""
    rows, source = lines_of(connection, [case_id])[case_id], service_case.alias()
    number = select(source.c.number).join(service_case, service_case.c.parent_id == source.c.id)
    about = [("来源 Source", connection.execute(number.where(service_case.c.id == case_id)).scalar_one())]
    return LineTable(HEADINGS, [_cells(row) for row in rows], about, [row._asdict() for row in rows])


def _cells(row: Row[Any]) -> tuple[Any, ...]:
    part = f"**{row.name}** · {row.unit_name}{' · 已撤回 withdrawn' if row.withdrawn else ''}"
    paused, over = (f" {zh} {days}" if days else "" for zh, days in (("暂停", row.paused), ("超期", row.over)))
    standard = f"{row.days}+{row.in_days}+{row.out_days}{paused}"
    stages = ((row.made_on, row.made_in_time), (row.in_on, row.in_in_time), (row.out_on, row.out_in_time))
    made, *others = (f"{day or ''}{KEPT[kept]}" for day, kept in stages)
    about = (row.line_no, part, Measure(row.quantity, row.uom), standard, row.promised)
    return (*about, made + over, *others, row.picked_on)
