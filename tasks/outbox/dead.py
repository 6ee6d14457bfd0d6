"""Messages that were given up: a person sends them again or drops them."""

from sqlalchemy import Engine

from schemas.forms.messages import DeadLetter, DeadVerdict
from schemas.problems import BadInput, Problem
from tasks.durable import clock
from tasks.outbox import queries
from tasks.outbox.queries import SEES_DEAD_LETTERS
from tasks.people.rights import SIGNER, signer_at_work

FIELD, REASON = (DeadLetter.model_fields[name].alias for name in ("message", "reason"))
NOT_DEAD = "收件箱中没有这条发送失败的消息，或已处理 no message given up has this number, or it was settled"
OVERTAKEN = (
    "单据已结案，或其后已发出别的消息，不能重发，只能放弃 its case is closed or has sent another since: only drop it"
)


def settle_dead(db: Engine, form: DeadLetter) -> str:
    """Send a message again, under the same idempotency key, or drop it; says so. BadInput where that cannot be."""
    with db.begin() as connection:
        person = signer_at_work(connection, form.staff)
        if not any(map(person.holds, SEES_DEAD_LETTERS)):
            roles = " / ".join(role.zh for role in SEES_DEAD_LETTERS)
            raise BadInput([Problem(SIGNER, str(person), f"需要{roles}的权限 must hold one of these roles")])
        dead = queries.held_dead(connection, form.message)
        if dead is None:
            raise BadInput([Problem(str(FIELD), form.message, NOT_DEAD)])
        if form.verdict is DeadVerdict.DROP:
            if not form.reason:
                raise BadInput([Problem(str(REASON), "", "放弃须写明原因 say why it is dropped")])
            queries.drop_message(connection, dead.id, f"{person} 放弃 dropped: {form.reason} | {dead.last_error}")
            return f"{dead.id} 已放弃 is dropped"
        if dead.overtaken:
            raise BadInput([Problem(str(FIELD), form.message, OVERTAKEN)])
        queries.revive(connection, dead.id, clock.now())
    return f"{dead.id} 将重发 is sent again"
