"""Stock by day 日结: closed on working days at 17:30; journals are signed, late ones asked for (DOMAIN, "Stock")."""

from schemas.forms.closing import JournalSigned, LotsWanted
from schemas.forms.periods import PeriodWanted
from tasks.closing.steps import ASKING, CLOSING, sign_journals
from tasks.runs.job import Ended, Job, job, told
from tasks.runs.rounds import in_rounds
from tasks.safety.lots import show_lots


@job("日结", form=PeriodWanted, parameter="期间", page="stock-closing", heading="日结 Daily closing")
def close_day(job: Job, wanted: PeriodWanted) -> Ended:
    """日结 Close the day's stock, issue the journals, and report what is at or below its safety stock."""
    return in_rounds(job.db, CLOSING, wanted)


@job("流水账催交", form=PeriodWanted, parameter="期间", page="journals-late", heading="流水账催交 Journals asked for")
def ask_for_journals(job: Job, wanted: PeriodWanted) -> Ended:
    """流水账催交 Ask for the journals that are late, and list them for the SUPERVISOR."""
    return in_rounds(job.db, ASKING, wanted)


@job("流水账签收", form=JournalSigned, parameter="签收单", page="journal-signed", heading="流水账签收 Journal signed")
def sign_journal(job: Job, form: JournalSigned) -> Ended:
    """流水账签收 Sign journals: the WAREHOUSE those of the group's warehouses, each office its own."""
    return told("已签收", sign_journals(job.db, form))


@job("批次库存", form=LotsWanted, parameter="查询单", page="stock-lots", heading="批次库存 Stock by lot")
def stock_lots(job: Job, wanted: LotsWanted) -> Ended:
    """批次库存 Show what there is by lot: the day it came in, how old it is, its expiry."""
    return Ended("已列出", "批次库存 stock by lot", show_lots(job.db, wanted))
