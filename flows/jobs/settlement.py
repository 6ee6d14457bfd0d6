"""Settlement 月结算: taken up on the third working day, objected to, confirmed by FINANCE (DOMAIN, "Scheduled work")."""

from schemas.forms.periods import PeriodWanted
from schemas.forms.settlements import SettlementConfirmed, SettlementObjection, SettlementRuling
from tasks.desk.reports.showing import rounds_of_list
from tasks.reports.lists.settlement import settlement
from tasks.runs.job import Ended, Job, job, told
from tasks.runs.rounds import in_rounds
from tasks.settlements.steps import confirm, object_to, rule_on, take_up

SETTLES = rounds_of_list(settlement, take_up)


@job("月结算", form=PeriodWanted, parameter="期间", page="settlement", heading="月结算 Settlement")
def settle_month(job: Job, wanted: PeriodWanted) -> Ended:
    """月结算 Take up what is to be settled for the month with offices, units and carriers, each thing once."""
    return in_rounds(job.db, SETTLES, wanted)


@job(
    "结算异议", form=SettlementObjection, parameter="异议单", page="settlement-objection", heading="结算异议 Objection"
)
def object_to_settlement(job: Job, form: SettlementObjection) -> Ended:
    """结算异议 Object to what is settled with an office, unit or carrier."""
    return told("已登记", object_to(job.db, form))


@job("结算裁定", form=SettlementRuling, parameter="裁定单", page="settlement-ruling", heading="结算裁定 Ruling")
def rule_on_settlement(job: Job, form: SettlementRuling) -> Ended:
    """结算裁定 Decide on an objection: whoever is right is settled with next time."""
    return told("已裁定", rule_on(job.db, form))


@job(
    "结算确认", form=SettlementConfirmed, parameter="确认单", page="settlement-confirmed", heading="结算确认 Confirmed"
)
def confirm_settlement(job: Job, form: SettlementConfirmed) -> Ended:
    """结算确认 Confirm the month's settlement, which then goes to the finance system."""
    return told("已确认", confirm(job.db, form))
