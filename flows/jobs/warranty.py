"""Warranty cards that came back 保修卡, and warranties that customers gave up 放弃保修 (DOMAIN, "Sales records")."""

from schemas.forms.sales import WarrantyCard, WarrantyWaiver
from tasks.customers.cards import register_card, waive_warranty
from tasks.runs.job import Ended, Job, job, told


@job("保修卡登记", form=WarrantyCard, parameter="保修卡", page="warranty-card", heading="保修卡登记 Warranty card")
def register_warranty_card(job: Job, form: WarrantyCard) -> Ended:
    """保修卡登记 Register a customer by the warranty card that came back: opens the customer file, fixes 三包."""
    became = register_card(job.db, form)
    return told("已登记" if became.new else "此前已登记", became.said)


@job("放弃保修", form=WarrantyWaiver, parameter="放弃单", page="warranty-waiver", heading="放弃保修 Warranty waiver")
def give_up_warranty(job: Job, form: WarrantyWaiver) -> Ended:
    """放弃保修 Note that a customer gives up the warranty of a line; a SUPERVISOR signs."""
    return told("已办理", waive_warranty(job.db, form))
