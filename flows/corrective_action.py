"""满意度通报与整改: what customers say goes to the unit; below target it is corrected (S3 §8 5.9, 5.10)."""

from itertools import count

from schemas.forms.corrective import FeedbackNote
from schemas.forms.sales import YesNo
from schemas.processes.corrective_action import CorrectiveEnding
from schemas.shapes import LinkWait
from schemas.words import LinkKind, Role
from tasks.branches.beside import alone, side_by_side
from tasks.corrective.queries import feedback_table
from tasks.corrective.steps import accept_feedback, code_of_unit, improving, send_letter
from tasks.durable.process import Case, Closing
from tasks.people.rights import applicant_until
from tasks.runs.process import process


@process(
    code="JC",
    title="满意度通报",
    chain="反馈单位 → 限期整改 → 实施整改 → 验证效果",
    returns={"实施整改": "限期整改", "验证效果": "限期整改"},
    waits={
        "限期整改": LinkWait(LinkKind.GATE, Role.RESPONSIBLE_UNIT, "plan.days"),
        "实施整改": LinkWait(LinkKind.EVENT, Role.RESPONSIBLE_UNIT),
        "验证效果": LinkWait(LinkKind.GATE, Role.QUALITY, "effect.days"),
    },
    endings=CorrectiveEnding,
    request=FeedbackNote,
    parameter="通报单",
    accept=accept_feedback,
    begin=lambda _form, _work: None,
    end=lambda _work: None,
    lines=feedback_table,
    may_withdraw=applicant_until(),
)
def corrective_action(case: Case) -> Closing:
    """满意度通报 Tell a unit what its customers say of it; below target, follow its correction until it has helped."""
    case = side_by_side(case)
    send_letter(case, case.request)  # 反馈单位
    if case.request.below == YesNo.NO:
        return Closing(CorrectiveEnding.COMMENDED)
    unit = code_of_unit(case, case.request.unit)
    for turn in count(1):
        if alone(case, improving(case, unit, turn)):  # 限期整改 实施整改 验证效果
            break
    return Closing(CorrectiveEnding.IMPROVED)
