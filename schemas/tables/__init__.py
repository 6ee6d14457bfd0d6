"""The tables of the operations database (law 1): cases, stock, reference data, what leaves the house."""

from schemas.tables.base import metadata
from schemas.tables.cases import (
    case_line,
    counter,
    decision,
    document,
    lease,
    ledger,
    letter,
    line_correction,
    notice,
    service_case,
    sheet_row,
    work_item,
)
from schemas.tables.outside import outbox
from schemas.tables.reference import (
    carrier,
    cycle_standard,
    holiday,
    office,
    part,
    part_category,
    part_price,
    policy,
    policy_version,
    production_unit,
    route_price,
    sales_record,
    staff,
    staff_role,
    warehouse,
)
from schemas.tables.stock import production_order, reservation, stock_balance, stock_movement
