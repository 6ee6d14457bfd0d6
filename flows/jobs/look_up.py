"""Looking customers, cases and standard parts up 客户档案 (DOMAIN, "Look-ups")."""

from schemas.forms.cases import LookUpRequest
from tasks.desk.lookups import look_up
from tasks.desk.pages import look_up_page
from tasks.people.rights import seen_by
from tasks.runs.job import Ended, Job, job
from tasks.runs.publish import PAGES
from tasks.unit.reading import reading


@job("客户档案", form=LookUpRequest, parameter="查找单", page="customer-file", heading="客户档案 Customer file")
def open_customer_file(job: Job, form: LookUpRequest) -> Ended:
    """客户档案 Look up a customer, a case or a standard part; an office, a store or a dealer sees its own."""
    with reading(job.db) as connection:
        found = look_up(connection, form.wanted, seen_by(connection, form.staff))
    counts = (int(found.file is not None) or len(found.customers), len(found.cases.rows), len(found.parts.rows))
    message = "客户 customers {}，单据 cases {}，配件 parts {}".format(*counts)
    return Ended("已查询" if any(counts) else "没有找到", message, look_up_page(found, PAGES.links()))
