"""What becomes of an answer: accepted, refused with a reason, or too late (law 3); all under the case's lock."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from schemas.answers import Answer, Reply
from schemas.forms.base import Form, TakenBack
from schemas.problems import Problem, in_words, problems_of
from schemas.tables import decision, letter, sheet_row, work_item
from schemas.words import EntryKind, ItemState
from tasks.durable.process import Process
from tasks.durable.queries import CaseFile, Entry
from tasks.durable.question import Question
from tasks.unit.unit import Unit
from tasks.unit.work import SHANGHAI, Work

CLOSES_AS = {EntryKind.DECISION: ItemState.DECIDED, EntryKind.WITHDRAWN: ItemState.WITHDRAWN}


def judge(work: Work, process: Process, file: CaseFile, question: Question[Any], answer: Answer) -> Entry | Reply:
    """Accept an answer, so that decision, item and its ledger entry commit together, or record its refusal."""
    if answer in file.letters:
        work.update(letter, {"case_id": file.id, "key": answer.key}, read_at=work.now)
    output, problems = _examine(work, process, file, question, answer)
    if problems:
        withdrawn = answer.kind == EntryKind.WITHDRAWN
        reason = refuse(work, answer, problems, "" if withdrawn else question.key)
        if not withdrawn:  # the open item counts it and shows the reason
            item = {"case_id": file.id, "step_key": question.key}
            work.shift(work_item, item, refusals=Decimal(1))
            work.update(work_item, item, refused_because=reason)
        return Reply(False, problems, key=question.key)
    if question.record and answer.kind == EntryKind.DECISION:
        question.record(question.form.model_validate_json(output), work)
    work.insert(decision, accepted=True, reason="", **_given(work, answer))
    for mark in answer.marks:
        work.insert(sheet_row, id=mark)
    ends = CLOSES_AS.get(answer.kind, ItemState.TIMED_OUT)
    work.update(work_item, {"case_id": file.id, "step_key": question.key}, state=ends, closed_at=work.now)
    return Entry(question.key, file.seq + 1, answer.kind, question.title, question.link, output, answer.by, work.now)


def _examine(
    work: Work, process: Process, file: CaseFile, question: Question[Any], answer: Answer
) -> tuple[str, Sequence[Problem]]:
    """Give the answer as the ledger keeps it, and what is wrong with it."""
    expires_at = file.items[question.key].expires_at
    ran_out = expires_at if expires_at and expires_at <= (answer.sent_at or work.now) else None
    if answer.kind == EntryKind.TIMED_OUT:
        return "{}", [] if ran_out else [Problem("时限 term", question.key, "尚未到期 has not expired")]
    if ran_out and answer.kind == EntryKind.DECISION:
        at = f"{ran_out.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
        return "", [Problem("时限 term", question.title, f"已于 {at} 到期，不再受理 expired at that time")]
    withdrawn = answer.kind == EntryKind.WITHDRAWN
    try:
        form: Form = (TakenBack if withdrawn else question.form).model_validate(dict(answer.data))
    except ValidationError as error:
        return "", problems_of(error)
    refused = process.may_withdraw(work, answer) if withdrawn else process.may_decide(work, question, answer)
    problems = [refused] if refused else [] if withdrawn or not question.check else list(question.check(form, work))
    return form.model_dump_json(by_alias=False), problems


def too_late(file: CaseFile, answer: Answer, unit: Unit) -> Reply:
    """Tell an answer that nothing waits for it, or that it must say which of several it is for, and record that."""
    earlier = file.recorded.get(answer.key)
    if earlier and earlier.kind != EntryKind.STEP:
        at = f"{earlier.finished_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
        expected = f"已由 {earlier.actor} 于 {at} 办理 was already decided by {earlier.actor}"
    elif file.closed:
        expected = "本单已结案 the case is closed"
    else:
        step = "" if answer.key else "，或同类的有几项，请写明步骤 or several alike are: name the step"
        waits = "、".join(item.title if answer.key else f"{item.title} {key}" for key, item in file.items.items())
        expected = f"这一步现在不需要办理，本单在等：{waits} is not waited for now{step}"
    wanted = answer.key or answer.form.rpartition(":")[2] or answer.kind
    problems = [Problem("待办 work item", wanted, expected)]
    refuse(file.work(unit, answer.key), answer, problems, answer.key)
    return Reply(False, problems, key=answer.key)


def taken_before(file: CaseFile, answer: Answer) -> Reply | None:
    """Tell an answer whose marks are known that it was taken before; None where they are new."""
    key = next((file.known[mark] for mark in answer.marks if mark in file.known), None)
    if key is None:
        return None
    expected = "此前已登记，不再重复 was taken before, nothing is done twice"
    return Reply(False, [Problem("表格行 sheet row", key, expected)], repeated=True, key=key)


def refuse(work: Work, answer: Answer, problems: Sequence[Problem], key: str) -> str:
    """Record a decision that was refused; gives the reason in words."""
    reason, given = in_words(problems), _given(work, answer) | {"step_key": key, "form": answer.kept}
    work.insert(decision, accepted=False, reason=reason, **given)
    return reason


def _given(work: Work, answer: Answer) -> dict[str, Any]:
    return {"actor": answer.by, "channel": answer.channel, "form": dict(answer.data), "given_at": work.now}
