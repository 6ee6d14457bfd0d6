"""The event log as others read it: traces are paths of the chains, files are valid, nobody is told who a customer is."""

import itertools
import json
import tracemalloc
from collections import defaultdict
from datetime import date
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import pytest
from sqlalchemy import Engine, text

import flows
from schemas.words import Channel
from tasks.durable.opening import open_case
from tasks.durable.process import PROCESSES
from tasks.durable.stage import advance
from tasks.exports.log import LogFormat, write_log
from tests.bench.fill import multiply
from tests.bench.load import GATES, answer, application

flows.load()
EVER = date(2000, 1, 1), date(2100, 1, 1)
TEXTS = {"type": "array", "items": {"type": "object", "required": ["name", "type"]}}
TYPES = {
    "type": "array",
    "items": {"type": "object", "required": ["name", "attributes"], "properties": {"attributes": TEXTS}},
}
ABOUT = {
    "type": "array",
    "items": {
        "required": ["objectId", "qualifier"],
        "properties": {"objectId": {"type": "string"}, "qualifier": {"type": "string"}},
    },
}
OCEL = {  # what OCEL 2.0 asks of a JSON file
    "type": "object",
    "required": ["eventTypes", "objectTypes", "events", "objects"],
    "properties": {
        "eventTypes": TYPES,
        "objectTypes": TYPES,
        "events": {
            "type": "array",
            "items": {
                "required": ["id", "type", "time"],
                "properties": {
                    "time": {"type": "string", "format": "date-time"},
                    "relationships": ABOUT,
                    "attributes": {
                        "type": "array",
                        "items": {"required": ["name", "value"], "properties": {"value": {"type": "string"}}},
                    },
                },
            },
        },
        "objects": {
            "type": "array",
            "items": {
                "required": ["id", "type"],
                "properties": {
                    "relationships": ABOUT,
                    "attributes": {
                        "type": "array",
                        "items": {"required": ["name", "value", "time"], "properties": {"value": {"type": "string"}}},
                    },
                },
            },
        },
    },
}


@pytest.fixture
def played(db: Engine) -> Engine:
    """Two parts applications that came to their end, one that waits for its review, one that was refused there."""
    for n in range(4):
        origin, form = application(n)
        case = open_case(db, "PA", form, origin, Channel.SHEET).case_id
        advance(db, case)
        for gate in GATES if n < 2 else ():
            advance(db, case, answer(n, gate))
    return db


def exported(db: Engine, form: LogFormat, folder: Path, process: str = "") -> Path:
    out = folder / f"log.{form}"
    assert write_log(db, form, *EVER, process, out) > 0
    return out


def traces(path: Path) -> dict[str, list[dict[str, str]]]:
    """Give the events of each trace of an XES file, by the trace's name."""
    found = {}
    for trace in ElementTree.parse(path).getroot().iter("trace"):
        (number,) = (one.get("value", "") for one in trace if one.get("key") == "concept:name")
        found[number] = [{one.get("key", ""): one.get("value", "") for one in event} for event in trace.iter("event")]
    return found


def test_a_trace_of_xes_is_a_path_of_the_chain(played: Engine, tmp_path: Path) -> None:
    """Issue G 9: one trace a case, link, time, resource, role, channel, outcome; a mining tool reads the chain."""
    found = traces(exported(played, LogFormat.XES, tmp_path))
    assert list(found) == [f"PA-2026-{n:06d}" for n in range(1, 5)]
    whole = found["PA-2026-000001"]
    assert list(dict.fromkeys(event["concept:name"] for event in whole)) == PROCESSES["PA"].links
    for of_case in found.values():
        for one, following in itertools.pairwise(of_case):
            assert PROCESSES["PA"].may_go(one["concept:name"], following["concept:name"])
    first = whole[0]
    assert (first["org:resource"][:6], first["org:role"], first["channel"]) == ("E1049 ", "APPLICANT", "sheet")
    (review,) = (event for event in whole if event["concept:name"] == "审核修正")
    assert review["org:role"] == "PARTS_REVIEWER"
    assert review["org:resource"].startswith("E1001 ")
    assert review["channel"] == "sheet"
    assert review["outcome"] == "通过 approve"


def test_ocel_is_valid_and_its_relations_lead_somewhere(played: Engine, tmp_path: Path) -> None:
    """Issue G 9: OCEL 2.0 with cases, lines, documents, parts and customers as objects."""
    log = json.loads(exported(played, LogFormat.OCEL, tmp_path).read_text("utf-8"))
    jsonschema.validate(log, OCEL)
    known = {one["id"]: one for one in log["objects"]}
    assert len(known) == len(log["objects"])
    assert {one["type"] for one in known.values()} == {one["name"] for one in log["objectTypes"]}
    assert {event["type"] for event in log["events"]} <= {one["name"] for one in log["eventTypes"]}
    assert len({event["id"] for event in log["events"]}) == len(log["events"])
    for one in [*log["objects"], *log["events"]]:
        assert {related["objectId"] for related in one["relationships"]} <= known.keys()
    issued = defaultdict(set)
    for event in log["events"]:
        issued[event["type"]] |= {known[to["objectId"]]["type"] for to in event["relationships"]}
    assert issued["办事处申报"] == {"case", "line", "customer", "document"}
    assert issued["入库制票"] == {"case", "document"}


@pytest.mark.parametrize("form", LogFormat)
def test_nobody_is_told_who_a_customer_is(played: Engine, tmp_path: Path, form: LogFormat) -> None:
    """DOMAIN, "Privacy": contact data is in no list, report or export."""
    written = exported(played, form, tmp_path).read_text("utf-8")
    for n in range(4):
        filled = application(n)[1]
        for field in ("客户姓名", "客户电话", "客户地址"):
            assert filled[field] not in written


def test_only_what_happened_in_the_period_and_the_process(played: Engine, tmp_path: Path) -> None:
    out = tmp_path / "log.xes"
    assert write_log(played, LogFormat.XES, date(2000, 1, 1), date(2000, 1, 31), "", out) == 0
    assert traces(out) == {}
    assert write_log(played, LogFormat.XES, *EVER, "RR", out) == 0
    assert write_log(played, LogFormat.XES, *EVER, "PA", out) > 0


def test_what_fails_leaves_the_old_file_as_it_was(played: Engine, tmp_path: Path) -> None:
    out = exported(played, LogFormat.XES, tmp_path)
    before = out.read_bytes()
    with played.begin() as connection:
        connection.execute(text("ALTER TABLE ledger RENAME TO gone"))
    with pytest.raises(Exception, match="ledger"):
        write_log(played, LogFormat.XES, *EVER, "", out)
    assert out.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == [out.name]


@pytest.mark.parametrize("form", LogFormat)
def test_many_events_take_no_more_memory_than_few(played: Engine, tmp_path: Path, form: LogFormat) -> None:
    """Issue G 9: 100,000 events are written in constant memory."""
    exported(played, form, tmp_path)  # whatever is imported and kept by then is no part of it
    peaks = []
    for case, copies in ((1, 200), (2, 1800)):
        multiply(played, [case], copies, lambda *_: None)
        tracemalloc.start()
        exported(played, form, tmp_path)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0]
