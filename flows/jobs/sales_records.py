"""Sales records of the order system 销售记录同步 (DOMAIN, "Sales records")."""

from tasks.runs.job import Ended, Job, job
from tasks.runs.sales import follow_sales


@job("销售记录同步", page="sales-records", heading="销售记录同步 Sales records of the order system")
def take_in_sales(job: Job) -> Ended:
    """销售记录同步 Ask the order system which sales records changed, and keep them as those of a sheet are kept."""
    return follow_sales(job.db)
