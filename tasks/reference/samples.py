"""A few applications at different steps, so that a newcomer sees the product at work."""

import json
from importlib.resources import files
from typing import Any

from sqlalchemy import Engine, select

from schemas.answers import Answer
from schemas.tables import service_case, work_item
from schemas.words import Channel
from tasks.durable.opening import open_case
from tasks.durable.stage import advance
from tasks.unit.reading import reading


def load_samples(db: Engine) -> int:
    """Open the sample applications and bring each to its step, unless there are cases already; gives how many."""
    with reading(db) as connection:
        if connection.execute(select(service_case.c.id).limit(1)).first():
            return 0
    samples = json.loads(files("schemas.reference").joinpath("samples.json").read_text("utf-8"))
    for serial, sample in enumerate(samples, start=1):
        process, form, origin = sample["process"], sample["application"], f"sample:{serial}"
        case_id = open_case(db, process, form, origin, Channel.SYSTEM).case_id
        advance(db, case_id)
        for key, staff, fields in sample["answers"]:
            with reading(db) as connection:
                item = select(work_item.c.prefill).where(work_item.c.case_id == case_id, work_item.c.step_key == key)
                prefill: dict[str, Any] = connection.execute(item).scalar_one()
            data = prefill | fields | {"经办人工号": staff}
            reply = advance(db, case_id, Answer(key, data, Channel.SYSTEM)).reply
            assert reply.accepted, f"sample {serial}, {key}: {reply.problems}"
    return len(samples)
