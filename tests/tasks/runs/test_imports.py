"""The flows of sheets on a real Prefect server: what staff see of an import and of the drop folder."""

import os
import re
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid4

import pytest
from prefect.client.schemas.filters import (
    ArtifactFilter,
    ArtifactFilterFlowRunId,
    FlowRunFilter,
    FlowRunFilterDeploymentId,
    FlowRunFilterId,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.states import Running, Scheduled

from deployments.worker import run_leg
from schemas.forms.base import form_schema
from schemas.forms.sheets import SheetImport
from schemas.problems import Problem
from schemas.sheet_kinds import sheet_kind, sheet_kinds
from tasks.durable import clock
from tasks.durable.process import PROCESSES
from tasks.runs import job
from tasks.runs import standing as runs
from tasks.runs.gate import draft_input
from tasks.runs.imports import TAKING_IN
from tasks.runs.locks import at_work, jobs_at_work
from tasks.runs.mending import RecoverReport
from tasks.sheets import dropbox, importing, places
from tests.play import line
from tests.tasks.runs.people import Desk
from tests.tasks.sheets.workbooks import save
from tests.waiting import wait_until

GOODS_IN = sheet_kind("goods-in")
PHONE = "13912345678"
IMPORT = "flows.jobs.import_sheet.import_sheet"
WATCH, TAKE_IN = "flows.jobs.dropbox.watch_dropbox", "flows.jobs.dropbox.take_in_dropbox"


@pytest.fixture(autouse=True)
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> places.Places:
    folders = (tmp_path, Path("/nowhere"))
    house = places.Places(tmp_path / "reports", "http://127.0.0.1:4201", tmp_path / "dropbox", folders)
    house.dropbox.mkdir()
    places.set_up(house)
    monkeypatch.setattr(dropbox, "QUIET", timedelta(0))
    return house


def made(desk: Desk) -> str:
    """A case whose ten panels are made and wait to be counted."""
    case = desk.play.apply([line("P-PB-001", 10, "缺件")])
    desk.play.run_to(case, "goods-in-1-1")
    return str(desk.play.case(case).number)


def counted(number: str, **more: Any) -> dict[str, Any]:
    return {"单号": number, "日期": "2026-11-17", "经办人工号": "E1016", "行号": 1, "实收数量": 10} | more


def slips(desk: Desk) -> int:
    return len(desk.play.rows("SELECT * FROM document WHERE kind = 'RK'"))


def start(desk: Desk, name: str, deployments: dict[str, UUID], **form: str) -> UUID:
    """Press Submit on a run form."""
    parameters = {"导入单": form} if form else {}
    return desk.client.create_flow_run_from_deployment(deployments[name], parameters=parameters).id


def run(desk: Desk, run_id: UUID, flow: str) -> FlowRun:
    run_leg(desk.run(run_id), flow)
    return desk.run(run_id)


def state(run: FlowRun) -> tuple[str, str, str]:
    assert run.state is not None
    return run.state.type.value, str(run.state.name), str(run.state.message)


def page(desk: Desk, run_id: UUID) -> str:
    of_run = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[run_id]))
    return "\n".join(str(artifact.data) for artifact in desk.client.read_artifacts(artifact_filter=of_run))


def chunks(desk: Desk, run_id: UUID) -> list[str]:
    """Name the task runs of an import that Prefect has recorded by now: their events come a moment later."""
    of_run = FlowRunFilter(id=FlowRunFilterId(any_=[run_id]))
    return sorted(chunk.name for chunk in desk.client.read_task_runs(flow_run_filter=of_run))


def test_the_form_offers_every_kind() -> None:
    offered = form_schema(SheetImport)["properties"]["表种"]["enum"]
    assert offered == ["自动识别 auto", *(f"{kind.title} {kind.code}" for kind in sheet_kinds().values())]


def test_an_import_shows_its_chunks_its_counts_and_its_page(
    desk: Desk, deployments: dict[str, UUID], tmp_path: Path, house: places.Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "CHUNK", 1)
    numbers = [made(desk), made(desk)]
    path = save(tmp_path / "入库 1.xlsx", GOODS_IN, *map(counted, numbers), counted("PA-2026-999999"))
    run_id = start(desk, "import-sheet", deployments, 文件=str(path), 表种="入库流水账 goods-in")
    done = run(desk, run_id, IMPORT)
    assert state(done) == ("COMPLETED", "部分退回", "入库 1.xlsx: 受理 accepted 2；退回 sent back 1")
    assert done.name == "导入 入库 1.xlsx · 部分退回"
    wait_until(lambda: chunks(desk, run_id), [f"入库流水账 第 {n}/2 批 · 1 行 rows" for n in (1, 2)])
    assert slips(desk) == 2
    shown = page(desk, run_id)
    [folder] = house.reports.iterdir()
    assert folder.name != run_id.hex  # which anybody may learn
    for file in ("入库 1.rejected.xlsx", "goods-in.html"):
        assert f"(http://127.0.0.1:4201/{folder.name}/{quote(file)})" in shown
        assert (folder / file).exists()
    assert not path.with_name("入库 1.rejected.xlsx").exists()

    again = run(desk, start(desk, "import-sheet", deployments, 文件=str(path)), IMPORT)
    assert state(again)[1:] == ("部分退回", "入库 1.xlsx: 此前已受理 taken before 2；退回 sent back 1")


@pytest.mark.parametrize(
    ("form", "why"),
    [
        ({"文件": "/nowhere/入库.xlsx"}, "没有这个文件"),
        ({"文件": "http://127.0.0.1:1/a.xlsx"}, "无法取得"),
        ({"文件": "/etc/passwd"}, "须为网址，或在此目录中"),
        ({"表种": "自动识别 auto"}, "文件: “” — 必填"),
    ],
)
def test_a_file_that_is_refused_is_one_clear_line_and_no_crash(
    desk: Desk, deployments: dict[str, UUID], form: dict[str, str], why: str
) -> None:
    response = desk.client.request(
        "POST",
        "/deployments/{id}/create_flow_run",
        path_params={"id": deployments["import-sheet"]},
        json={"parameters": {"导入单": form}, "enforce_parameter_schema": False},
    )
    run_id = UUID(response.raise_for_status().json()["id"])
    kind, name, message = state(run(desk, run_id, IMPORT))
    assert (kind, name) == ("COMPLETED", "未受理")
    assert why in message
    assert len(message.splitlines()) == 1
    assert why in page(desk, run_id)


# who is at work


def test_a_job_is_at_work_for_one_and_free_when_it_ends(desk: Desk) -> None:
    job = uuid4()
    with at_work(desk.db, job) as ours, at_work(desk.db, job) as theirs:
        assert ours is not None
        assert (ours(), theirs) == (True, None)
        assert jobs_at_work(desk.db, [job, uuid4()]) == {job}
    assert jobs_at_work(desk.db, [job]) == set()
    with at_work(desk.db, job) as again:
        assert again


def test_the_watch_starts_a_dead_import_again_and_leaves_a_living_one(
    desk: Desk, deployments: dict[str, UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "LEG_STARTS_WITHIN", timedelta(0))
    run_id = start(desk, "import-sheet", deployments, 文件="/nowhere.xlsx")
    desk.client.set_flow_run_state(run_id, Running(), force=True)
    with at_work(desk.db, run_id):
        desk.watch()
        assert state(desk.run(run_id))[0] == "RUNNING"
    desk.watch()
    assert state(desk.run(run_id))[0] == "SCHEDULED"
    assert state(run(desk, run_id, IMPORT))[1] == "未受理"


# the drop folder


def waiting_runs(desk: Desk, deployment: UUID) -> list[FlowRun]:
    of_it = FlowRunFilterDeploymentId(any_=[deployment])
    scheduled = FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.SCHEDULED]))
    return desk.client.read_flow_runs(flow_run_filter=FlowRunFilter(deployment_id=of_it, state=scheduled))


def drop(desk: Desk, deployments: dict[str, UUID]) -> FlowRun:
    """Let the watch look and the worker take in what it found; gives the last run."""
    looked = run(desk, start(desk, "watch-dropbox", deployments), WATCH)
    if state(looked)[1] != "开始读入":
        return looked
    [started] = waiting_runs(desk, deployments["take-in-dropbox"])
    return run(desk, started.id, TAKE_IN)


def rooms(house: places.Places) -> dict[str, list[str]]:
    """Give the files in each room, without the time in the names of their folders."""
    return {
        room: sorted(
            "/".join(file.relative_to(house.dropbox / room).parts[1:])
            for file in (house.dropbox / room).rglob("*")
            if file.is_file()
        )
        for room in (dropbox.WORKING, dropbox.DONE, dropbox.REJECTED)
    }


def test_files_are_taken_in_and_put_away_with_their_reports(
    desk: Desk, deployments: dict[str, UUID], house: places.Places
) -> None:
    save(house.dropbox / "好.xlsx", GOODS_IN, counted(made(desk)))
    save(house.dropbox / "半.xlsx", GOODS_IN, counted(made(desk)), counted("PA-2026-999999"))
    (house.dropbox / "坏.xlsx").write_text("no workbook")
    (house.dropbox / "~$好.xlsx").write_text("lock")
    (house.dropbox / "大.xlsx.part").write_text("still coming")
    done = drop(desk, deployments)
    assert state(done)[:2] == ("COMPLETED", "3 个文件")
    assert sorted(state(done)[2].splitlines()) == ["半.xlsx: 部分退回", "坏.xlsx: 未受理", "好.xlsx: 已导入"]
    assert slips(desk) == 2
    assert rooms(house) == {
        "working": [],
        "done": ["好.xlsx", "报告/goods-in.html", "报告/报告.txt"],
        "rejected": sorted(
            ["半.xlsx", "报告/goods-in.html", "报告/半.rejected.xlsx", "报告/报告.txt", "坏.xlsx", "报告/报告.txt"]
        ),
    }
    assert {file.name for file in house.dropbox.iterdir() if file.is_file()} == {"~$好.xlsx", "大.xlsx.part"}
    assert state(drop(desk, deployments))[1] == "无新文件"


def test_of_many_files_the_message_tells_of_the_first_and_how_many_there_were(
    desk: Desk, deployments: dict[str, UUID], house: places.Places
) -> None:
    for no in range(21):
        (house.dropbox / f"{no:02}.xlsx").write_text("no workbook")
    kind, name, message = state(drop(desk, deployments))
    assert (kind, name) == ("COMPLETED", "21 个文件")
    assert message.splitlines()[20:] == ["… 共 21 个文件 files in all"]


def test_one_take_in_at_a_time_however_many_files_wait(
    desk: Desk, deployments: dict[str, UUID], house: places.Places
) -> None:
    for n in range(3):
        save(house.dropbox / f"{n}.xlsx", GOODS_IN, counted(made(desk)))
    with at_work(desk.db, TAKING_IN):
        assert state(drop(desk, deployments))[1] == "无新文件"
        taking = run(desk, start(desk, "take-in-dropbox", deployments), TAKE_IN)
        assert state(taking)[1] == "无新文件"
    for _ in range(3):  # minutes in which no worker has time for the first
        looked = run(desk, start(desk, "watch-dropbox", deployments), WATCH)
        assert state(looked)[1] == "开始读入"
    [one] = waiting_runs(desk, deployments["take-in-dropbox"])
    assert state(run(desk, one.id, TAKE_IN))[1] == "3 个文件"


def test_the_same_name_again_overwrites_nothing(desk: Desk, deployments: dict[str, UUID], house: places.Places) -> None:
    number = made(desk)
    for _ in range(3):
        save(house.dropbox / "日报.xlsx", GOODS_IN, counted(number))
        assert state(drop(desk, deployments))[1] == "1 个文件"
    assert rooms(house)["done"].count("日报.xlsx") == 3
    assert slips(desk) == 1


def test_a_file_that_a_dead_watcher_had_in_hand_is_taken_in_once(
    desk: Desk, deployments: dict[str, UUID], house: places.Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(house.dropbox / "日报.xlsx", GOODS_IN, counted(made(desk)))

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(dropbox, "put_away", dies)
        with pytest.raises(KeyboardInterrupt):
            drop(desk, deployments)
    assert [dropbox.name_of(file) for file in dropbox.in_hand(house.dropbox)] == ["日报.xlsx"]
    assert slips(desk) == 1
    assert state(drop(desk, deployments))[1] == "1 个文件"
    assert "日报.xlsx" in rooms(house)["done"]
    assert rooms(house)["working"] == []
    assert slips(desk) == 1


def test_a_fault_with_one_file_is_told_and_tried_again(
    desk: Desk, deployments: dict[str, UUID], house: places.Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.xlsx", "b.xlsx"):
        save(house.dropbox / name, GOODS_IN, counted(made(desk)))
    add = dropbox.add_report

    def fails(file: Path, *more: Any) -> None:
        if dropbox.name_of(file) == "a.xlsx":
            raise OSError("disk full")
        add(file, *more)

    with monkeypatch.context() as patched:
        patched.setattr(dropbox, "add_report", fails)
        kind, _, message = state(drop(desk, deployments))
    assert kind == "FAILED"
    assert "a.xlsx: OSError('disk full')" in message
    assert "b.xlsx" in rooms(house)["done"]
    assert state(drop(desk, deployments))[2] == "a.xlsx: 已导入"
    assert slips(desk) == 2


def reason_of_refusal(house: places.Places) -> str:
    [report] = (house.dropbox / dropbox.REJECTED).rglob(dropbox.REPORT)
    return report.read_text("utf-8-sig")


def test_a_file_that_meets_a_fault_of_ours_three_times_is_refused_with_it(
    desk: Desk, deployments: dict[str, UUID], house: places.Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dropbox, "LONGEST_WAIT", timedelta(0))
    save(house.dropbox / "a.xlsx", GOODS_IN, counted(made(desk)))

    def fails(*_: object) -> None:
        raise KeyError("poison")

    with monkeypatch.context() as patched:
        patched.setattr(importing, "check_rows", fails)
        for _ in range(dropbox.MOST_TRIES - 1):
            kind, _, message = state(drop(desk, deployments))
            assert (kind, message) == ("FAILED", "a.xlsx: KeyError('poison')")
        kind, _, message = state(drop(desk, deployments))
    assert (kind, message) == ("COMPLETED", "a.xlsx: 未受理")
    assert "已试 3 次 tried so many times: KeyError('poison')" in reason_of_refusal(house)
    assert state(drop(desk, deployments))[1] == "无新文件"


def test_a_file_that_needs_too_much_memory_is_refused_at_once(
    desk: Desk, deployments: dict[str, UUID], house: places.Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = save(house.dropbox / "a.xlsx", GOODS_IN, counted(made(desk)))

    def fails(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(importing, "read_tables", fails)
    refused = run(desk, start(desk, "import-sheet", deployments, 文件=str(path)), IMPORT)
    assert state(refused)[1] == "未受理"
    assert "a.xlsx” — 读入所需内存超过 AFTERSALES_JOB_MEMORY，请拆分" in state(refused)[2]
    assert state(drop(desk, deployments))[2] == "a.xlsx: 未受理"


def test_a_job_that_ends_its_process_is_restarted_three_times_and_then_left(
    desk: Desk, deployments: dict[str, UUID], house: places.Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, begun = save(house.dropbox.parent / "a.xlsx", GOODS_IN, counted(made(desk))), list[object]()

    def killed(*given: object) -> None:
        begun.append(given)
        raise KeyboardInterrupt

    monkeypatch.setattr(importing, "read_tables", killed)
    run_id = start(desk, "import-sheet", deployments, 文件=str(path))
    for _ in range(1 + job.MOST_RESTARTS):
        with pytest.raises(KeyboardInterrupt):
            run(desk, run_id, IMPORT)
        desk.client.set_flow_run_state(run_id, Scheduled(), force=True)  # as the watch does
    kind, _, message = state(run(desk, run_id, IMPORT))
    assert (kind, len(begun)) == ("FAILED", 4)
    assert "已重启 3 次仍中断" in message


def test_a_file_that_ends_its_reader_three_times_is_refused(
    desk: Desk, deployments: dict[str, UUID], house: places.Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dropbox, "LONGEST_WAIT", timedelta(0))
    save(house.dropbox / "a.xlsx", GOODS_IN, counted(made(desk)))

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(importing, "check_rows", killed)
        for _ in range(dropbox.MOST_TRIES):
            with pytest.raises(KeyboardInterrupt):
                drop(desk, deployments)
    assert state(drop(desk, deployments))[2] == "a.xlsx: 未受理"
    assert "was ended each time" in reason_of_refusal(house)


def test_a_house_that_is_down_for_long_refuses_no_file(
    desk: Desk, deployments: dict[str, UUID], house: places.Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dropbox, "LONGEST_WAIT", timedelta(0))
    save(house.dropbox / "a.xlsx", GOODS_IN, counted(made(desk)))

    def fails(*_: object) -> None:
        raise OSError("disk full")

    with monkeypatch.context() as patched:
        patched.setattr(importing, "check_rows", fails)
        for _ in range(dropbox.MOST_TRIES + 2):
            assert state(drop(desk, deployments))[0] == "FAILED"
    assert state(drop(desk, deployments))[2] == "a.xlsx: 已导入"


def test_a_file_that_is_written_to_while_it_is_taken_in_is_read_again(
    desk: Desk, deployments: dict[str, UUID], house: places.Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = made(desk), made(desk)
    whole = "\n".join(["单号,日期,经办人工号,行号,实收数量", *(f"{n},2026-11-17,E1016,1,10" for n in (first, second))])
    half, rest = whole[: whole.index(second) - 1], whole[whole.index(second) - 1 :]
    (house.dropbox / "入库.csv").write_text(half)
    apply = importing.apply_forms

    def slowly(*given: Any) -> Any:
        [hand] = dropbox.in_hand(house.dropbox)
        with hand.open("a") as file:  # whoever copies it has it open, wherever it moves
            file.write(rest)
        return apply(*given)

    with monkeypatch.context() as patched:
        patched.setattr(importing, "apply_forms", slowly)
        assert "is still being written" in state(drop(desk, deployments))[2]
    assert state(drop(desk, deployments))[2] == "入库.csv: 已导入"
    assert slips(desk) == 2


def test_poison_of_every_kind_is_left_or_refused_in_one_line_and_the_next_file_goes_on(
    desk: Desk, deployments: dict[str, UUID], house: places.Places
) -> None:
    heads = "单号,日期,经办人工号,行号,实收数量,差异原因"
    (house.dropbox / "a nul.csv").write_text(f"{heads}\nPA-\0,2026-11-17,E1016,1,10,\0\n")
    (house.dropbox / "b nul.csv").write_text(f"{heads},\0\n")
    (house.dropbox / "c two\nlines.xlsx").write_text("no workbook")
    (house.dropbox / "d.xlsx").write_bytes(b"PK\3\4 half a workb")
    (house.dropbox / "e.xlsx").touch()
    os.mkfifo(house.dropbox / "f.xlsx")
    (house.dropbox / "@eaDir").mkdir()
    (house.dropbox / ".DS_Store").write_bytes(b"\0")
    save(house.dropbox / "z.xlsx", GOODS_IN, counted(made(desk)))
    kind, name, message = state(drop(desk, deployments))
    assert (kind, name) == ("COMPLETED", "6 个文件")
    assert sorted(message.splitlines()) == [
        "a nul.csv: 全部退回",
        "b nul.csv: 未受理",
        "c two_lines.xlsx: 未受理",
        "d.xlsx: 未受理",
        "e.xlsx: 未受理",
        "z.xlsx: 已导入",
    ]
    left = {"@eaDir", ".DS_Store", "f.xlsx", *(dropbox.WORKING, dropbox.DONE, dropbox.REJECTED)}
    assert {file.name for file in house.dropbox.iterdir()} == left
    assert state(drop(desk, deployments))[:2] == ("COMPLETED", "无新文件")


EVIL = "![x](http:evil.example) [y](http:evil.example) www.evil.example"


def no_markdown_in(text: str) -> None:
    assert "evil" in text
    assert re.findall(r"(?<!\\)\]\((?!http://127.0.0.1:4201/)", text) == []
    assert "www.evil" not in text


def test_neither_a_file_name_nor_what_a_refused_file_says_becomes_markdown(
    desk: Desk, deployments: dict[str, UUID], house: places.Places
) -> None:
    (house.dropbox / f"{EVIL}.xlsx").write_text("no workbook")
    save(house.dropbox / "b.xlsx", GOODS_IN, headings=["单号", EVIL])
    taken = drop(desk, deployments)
    of_run = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[taken.id]))
    pages = desk.client.read_artifacts(artifact_filter=of_run)
    assert len(pages) == 2
    for one in pages:
        no_markdown_in(f"{one.description} {one.data}")


def test_a_customers_phone_in_a_file_name_stays_in_no_run_and_on_no_page(
    desk: Desk, deployments: dict[str, UUID], house: places.Places, tmp_path: Path
) -> None:
    save(house.dropbox / f"{PHONE}.xlsx", GOODS_IN, counted("PA-2026-999999"))
    taken = drop(desk, deployments)
    save(tmp_path / f"{PHONE}.xlsx", GOODS_IN, counted("PA-2026-999999"))
    sent = [run(desk, start(desk, "import-sheet", deployments, 文件=name), IMPORT) for name in (f"{PHONE}.xlsx", PHONE)]
    for one in (taken, *sent):
        told = f"{one.model_dump_json()} {page(desk, one.id)}"
        assert PHONE not in told
        assert re.search(r"139(x{4}|\*{4})5678", told)
    assert [state(one)[1] for one in sent] == ["全部退回", "未受理"]


def test_what_was_typed_into_a_wrong_application_is_no_markdown_in_its_draft() -> None:
    problems = [Problem(EVIL, EVIL, "没有这个字段")]
    no_markdown_in(draft_input(PROCESSES["PA"], {}, problems, 1).description)


def test_secrets_of_a_url_are_not_kept_once_the_import_has_ended(desk: Desk, deployments: dict[str, UUID]) -> None:
    # Prefect names runs by itself, and may call one secret-crab
    place = "http://me:s3cr3t@127.0.0.1:1/a.csv?token=s3cr3t"
    done = run(desk, start(desk, "import-sheet", deployments, 文件=place, 表种="自动识别 auto"), IMPORT)
    assert state(done)[1] == "未受理"
    assert done.parameters == {"导入单": {"文件": "http://127.0.0.1:1/a.csv", "表种": "自动识别 auto"}}
    assert "s3cr3t" not in f"{done.model_dump_json()} {page(desk, done.id)}"


def test_the_drop_folders_watch_clears_what_was_kept_for_as_long_as_the_policy_says(
    desk: Desk, deployments: dict[str, UUID], house: places.Places
) -> None:
    save(house.dropbox / "a.xlsx", GOODS_IN, counted("PA-2026-999999"))
    assert state(drop(desk, deployments))[2] == "a.xlsx: 全部退回"
    kept = [*(house.dropbox / dropbox.REJECTED).iterdir(), *house.reports.iterdir()]
    assert len(kept) == 2
    desk.play.run("UPDATE policy SET value = '7' WHERE key = 'retention.days'")

    def watched(days: float) -> tuple[str, str, str]:
        changed = (clock.now() - timedelta(days=days)).timestamp()
        for folder in kept:
            os.utime(folder, (changed, changed))
        return state(run(desk, start(desk, "watch-dropbox", deployments), WATCH))

    assert watched(6.9)[1] == "无新文件"
    assert all(folder.exists() for folder in kept)
    _, name, message = watched(7.1)
    assert (name, message[:15]) == ("已清理", "保存满 7 天，删除 2 份 ")
    assert not any(folder.exists() for folder in kept)


def test_secrets_of_a_url_are_not_kept_once_the_import_was_cancelled(desk: Desk, deployments: dict[str, UUID]) -> None:
    run_id = start(desk, "import-sheet", deployments, 文件="http://me:secret@a/b.csv?token=secret")
    desk.cancel(run_id)
    assert desk.watch() == RecoverReport(finished=1)
    cancelled = desk.run(run_id)
    assert (state(cancelled)[:2], cancelled.parameters) == (
        ("CANCELLED", "已取消"),
        {"导入单": {"文件": "http://a/b.csv"}},
    )
    assert desk.watch() == RecoverReport()
