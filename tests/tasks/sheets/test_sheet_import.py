"""A whole file is taken in: read, checked, applied in chunks, what is wrong sent back; again, nothing happens."""

import gzip
import re
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import date
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest
import time_machine
from openpyxl import Workbook, load_workbook
from openpyxl.utils.datetime import CALENDAR_MAC_1904, to_excel
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError

from schemas.problems import BadInput
from schemas.sheet_kinds import sheet_kind
from tasks.sheets import fetch, importing, places, reader
from tasks.sheets.fetch import fetched
from tasks.sheets.importing import import_file
from tasks.sheets.outcome import Became
from tasks.sheets.reader import read_tables
from tasks.sheets.report import SheetReport, summary
from tests.play import Play, books_balance, line
from tests.tasks.sheets.workbooks import reasons, save, table_of

APPLICATIONS = sheet_kind("applications")

GOODS_IN, REVIEW = sheet_kind("goods-in"), sheet_kind("review")
PANEL = line("P-PB-001", 10, "缺件")
TODAY = "2026-11-18"
# addresses of the machine and its neighbours, in every spelling
HOUSE = [
    "127.0.0.1",
    "localhost",
    "[::1]",
    "10.0.0.5",
    "192.168.1.1",
    "172.16.0.1",
    "169.254.169.254",
    "[fe80::1]",
    "[fd00::1]",
    "0.0.0.0",
    "100.64.0.1",
    "[::ffff:127.0.0.1]",
    "2130706433",
    "127.1",
    "[2002:7f00:1::]",
    "[64:ff9b::7f00:1]",
    "224.0.0.1",
]


@pytest.fixture(autouse=True)
def today() -> Iterator[None]:
    with time_machine.travel(f"{TODAY}T10:00:00+08:00", tick=False):
        yield


@pytest.fixture
def play(db: Engine) -> Iterator[Play]:
    play = Play(db)
    yield play
    books_balance(db)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "日报.xlsx"


def made(play: Play) -> str:
    """A case whose ten panels are made and wait to be counted."""
    case = play.apply([PANEL])
    play.run_to(case, "goods-in-1-1")
    return str(play.case(case).number)


def counted(number: str, **more: Any) -> dict[str, Any]:
    return {"单号": number, "日期": TODAY, "经办人工号": "E1016", "行号": 1, "实收数量": 10} | more


def counts(report: SheetReport) -> dict[str, int]:
    return {became.name: n for became, n in report.counts.items()}


def test_good_rows_go_on_wrong_ones_come_back_and_again_nothing_happens(play: Play, path: Path) -> None:
    good, wrong = made(play), made(play)
    save(path, GOODS_IN, counted(good), counted(wrong, 实收数量=-1), counted("PA-2026-999999"))
    report = import_file(play.db, path)
    assert counts(report) == {"ACCEPTED": 1, "REJECTED": 2}
    assert report.reject_sheet == path.with_name("日报.rejected.xlsx")
    back = table_of(report.reject_sheet, GOODS_IN.title)
    assert [(row["单号"], row["原行号"]) for row in back] == [(wrong, 3), ("PA-2026-999999", 4)]
    assert "实收数量是不小于 0 的数" in back[0]["退回原因"]
    assert "单号是已有的单据" in back[1]["退回原因"]
    assert len(play.rows("SELECT * FROM document WHERE kind = 'RK'")) == 1

    assert counts(import_file(play.db, path)) == {"UNCHANGED": 1, "REJECTED": 2}
    shutil.copy(path, other := path.with_name("renamed.xlsx"))
    assert counts(import_file(play.db, other)) == {"UNCHANGED": 1, "REJECTED": 2}
    assert len(play.rows("SELECT * FROM document WHERE kind = 'RK'")) == 1


def test_a_reject_sheet_of_a_workbook_from_1904_means_the_same_days(play: Play, path: Path) -> None:
    book = load_workbook(save(path, GOODS_IN, counted("PA-2026-999999")))
    book.epoch, sheet = CALENDAR_MAC_1904, book[GOODS_IN.title]
    at = [cell.value for cell in sheet[1]].index("日期") + 1
    sheet.cell(2, at).value = int(to_excel(date(2026, 11, 18), CALENDAR_MAC_1904))
    sheet.cell(2, at).number_format = "General"
    book.save(path)
    ((first,),) = (table.rows for table in read_tables(path))
    report = import_file(play.db, path)
    assert report.reject_sheet
    ((again,),) = (table.rows for table in read_tables(report.reject_sheet))
    assert first.values["日期"] == again.values["日期"] == "2026-11-18"


def test_a_corrected_reject_sheet_is_sent_as_it_is(play: Play, path: Path) -> None:
    number = made(play)
    sheet = import_file(play.db, save(path, GOODS_IN, counted(number, 实收数量="十"))).reject_sheet
    assert sheet is not None
    book = load_workbook(sheet)
    heads = [cell.value for cell in book.active[1]]
    book.active.cell(2, heads.index("实收数量") + 1).value = 10
    book.save(sheet)
    assert counts(import_file(play.db, sheet)) == {"ACCEPTED": 1}


def test_a_workbook_of_several_kinds_is_taken_in_tab_by_tab(play: Play, path: Path) -> None:
    at_review, waiting = play.apply([PANEL]), made(play)
    number = str(play.case(at_review).number)
    book = Workbook()
    book.remove(book.active)
    for kind, row in (
        (REVIEW, {"单号": number, "步骤": "review-1", "审核结论": "通过", "经办人工号": "E1001"}),
        (GOODS_IN, counted(waiting)),
    ):
        sheet = book.create_sheet(kind.title)
        sheet.append([column.heading for column in kind.columns])
        sheet.append([row.get(column.heading) for column in kind.columns])
    book.save(path)
    report = import_file(play.db, path)
    assert [(table.kind.code, dict(table.counts)) for table in report.tables] == [
        ("review", {Became.ACCEPTED: 1}),
        ("goods-in", {Became.ACCEPTED: 1}),
    ]
    assert "review-1" not in play.items(at_review)


def test_applications_become_cases_and_what_the_engine_refuses_comes_back(play: Play, path: Path) -> None:
    form = play.form([PANEL])
    row = {
        "申报单号": "A-1",
        "配件名称": "P-PB-001",
        "数量": 10,
        "原因": "缺件",
        **{name: form.get(name) for name in ("办事处", "申报人工号", "订单号", "客户姓名", "客户电话", "客户地址")},
    }
    twin = row | {
        "申报单号": "A-2",
        "订单号": "SO-X",
        "客户姓名": "凌霄",
        "客户电话": "13800009999",
        "客户地址": "松涛里9栋",
        "配件名称": "没有的配件",
    }
    report = import_file(play.db, save(path, APPLICATIONS, row, twin))
    assert counts(report) == {"ACCEPTED": 1, "REJECTED": 1}
    [number] = report.tables[0].numbers
    [case] = play.rows("SELECT * FROM service_case")
    assert (number, case.link) == (case.number, "审核修正")
    assert "没有的配件" in reasons(report.rejected)


def test_each_chunk_is_run_by_name_and_progress_is_told(
    play: Play, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "CHUNK", 1)
    numbers = [made(play) for _ in range(3)]
    save(path, GOODS_IN, *map(counted, numbers))
    ran, told = list[str](), list[tuple[int, int]]()

    def run(name: str, work: Callable[[], None]) -> None:
        ran.append(name)
        work()

    import_file(play.db, path, on_progress=lambda *progress: told.append(progress), run_chunk=run)
    assert ran == [f"入库流水账 第 {n}/3 批 · 1 行 rows" for n in (1, 2, 3)]
    assert told == [(0, 3), (1, 3), (2, 3), (3, 3)]


def test_a_row_that_decides_a_case_counts_for_all_its_lines(
    play: Play, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "CHUNK_ROWS", 4)
    cases = [play.apply(lines) for lines in (3, 1, 1, 2)]
    numbers = [play.case(case).number for case in cases]
    rows = [{"单号": number, "审核结论": "驳回", "经办人工号": "E1001", "原因": "重复"} for number in numbers]
    ran = list[str]()

    def run(name: str, work: Callable[[], None]) -> None:
        ran.append(name)
        work()

    report = import_file(play.db, save(path, REVIEW, *rows), run_chunk=run)
    assert counts(report) == {"ACCEPTED": 4}
    assert ran == [f"审核修正 第 {n}/2 批 · 2 行 rows" for n in (1, 2)]


def test_an_import_that_died_between_chunks_goes_on_where_it_was(
    play: Play, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "CHUNK", 1)
    save(path, GOODS_IN, *(counted(made(play)) for _ in range(3)))
    left = [2]

    def dies(name: str, work: Callable[[], None]) -> None:
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        work()

    with pytest.raises(KeyboardInterrupt):
        import_file(play.db, path, run_chunk=dies)
    assert counts(import_file(play.db, path)) == {"UNCHANGED": 2, "ACCEPTED": 1}
    assert len(play.rows("SELECT * FROM document WHERE kind = 'RK'")) == 3


def test_two_who_take_in_the_same_sheet_do_everything_once(play: Play, path: Path) -> None:
    save(path, GOODS_IN, *(counted(made(play)) for _ in range(4)))
    with ThreadPoolExecutor(2) as both:  # whoever fails says so in `result`
        reports = [one.result() for one in [both.submit(import_file, play.db, path) for _ in range(2)]]
    assert reports[0].counts + reports[1].counts == {Became.ACCEPTED: 4, Became.UNCHANGED: 4}
    assert len(play.rows("SELECT * FROM document WHERE kind = 'RK'")) == 4


@pytest.mark.parametrize("state", ["53100", "53300", "57P03", "58030"])
def test_a_fault_of_the_house_stops_the_file_and_sends_no_row_back(play: Play, path: Path, state: str) -> None:
    save(path, GOODS_IN, counted(made(play)), counted(made(play)))
    fails = f"BEGIN RAISE EXCEPTION 'no room' USING ERRCODE = '{state}'; END"
    with play.db.begin() as connection:
        connection.execute(text(f"CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $${fails}$$"))
        connection.execute(
            text("CREATE TRIGGER no_room BEFORE INSERT ON ledger FOR EACH STATEMENT EXECUTE FUNCTION no_room()")
        )
    try:
        with pytest.raises(OperationalError):
            import_file(play.db, path)
    finally:
        with play.db.begin() as connection:
            connection.execute(text("DROP FUNCTION no_room CASCADE"))
    assert not path.with_name("日报.rejected.xlsx").exists()
    assert counts(import_file(play.db, path)) == {"ACCEPTED": 2}


def test_a_folder_that_takes_no_reject_sheet_undoes_nothing(play: Play, path: Path, tmp_path: Path) -> None:
    number = made(play)
    save(path, GOODS_IN, counted(number), counted("PA-2026-999999"))
    report = import_file(play.db, path, out=tmp_path / "gone")
    assert counts(report) == {"ACCEPTED": 1, "REJECTED": 1}
    assert report.reject_sheet is None
    assert "cannot be written" in report.fault


def test_the_page_tells_staff_what_became_of_the_file(play: Play, path: Path, tmp_path: Path) -> None:
    number = made(play)
    save(
        path,
        GOODS_IN,
        counted(number),
        counted("PA-2026-999999", 差异原因="问 13800009999"),
        counted(made(play), 差异原因="|坏|", 实收数量=-1),
    )
    report = import_file(play.db, path, out=tmp_path, docs=tmp_path / "docs")
    page = summary(report, lambda file: f"http://house/{file.relative_to(tmp_path).as_posix()}")
    assert "受理 accepted 1；退回 sent back 2" in page
    assert "[退回表 reject sheet](http://house/日报.rejected.xlsx)" in page
    assert "[Data Docs 检查报告](http://house/docs/goods-in.html)" in page
    assert number in page.replace("\\", "")
    assert re.search(r"✗ 单号是已有的单据.*\| 1 \|", page)
    assert re.search(r"✓ 日期不晚于今天.*\| 0 \|", page)
    assert (tmp_path / "docs" / "goods-in.html").read_text("utf-8").startswith("<!DOCTYPE html>")


def test_a_file_that_is_wrong_as_a_whole_is_one_clear_line(play: Play, path: Path) -> None:
    path.write_text("no workbook")
    with pytest.raises(BadInput, match="不是有效的工作簿"):
        import_file(play.db, path)
    save(path, GOODS_IN, headings=["单号", "行号"])
    with pytest.raises(BadInput, match="缺少列"):
        import_file(play.db, path, GOODS_IN)


# from wherever it lies


@pytest.fixture(autouse=True)
def house(tmp_path: Path) -> places.Places:
    """An installation that reads from `tmp_path`, and fetches from the web that runs on this machine."""
    loopback = (ip_network("127.0.0.1/32"),)
    house = places.Places(tmp_path / "reports", "http://reports", tmp_path / "dropbox", (tmp_path,), loopback)
    places.set_up(house)
    return house


def refusal(place: str) -> str:
    with pytest.raises(BadInput) as wrong, fetched(place):
        pass
    assert len(str(wrong.value).splitlines()) == 1
    return str(wrong.value)


def test_a_path_is_taken_as_it_is_and_a_missing_one_told(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("x")
    for place in (str(file), "a.csv"):
        with fetched(place) as path:
            assert path == file
    for place in ("b.csv", str(tmp_path / "b.csv"), str(tmp_path), "~nobody/x", "~/x"):
        assert "没有这个文件" in refusal(place)


def test_a_path_outside_of_the_folders_is_refused_whether_it_exists_or_not(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "there.csv").write_text("secret")
    (tmp_path / "link.csv").symlink_to(elsewhere / "there.csv")
    told = [refusal(str(elsewhere / name)).partition("” — ")[2] for name in ("there.csv", "none.csv")]
    assert told[0] == told[1] != ""
    for place in ("link.csv", f"../{elsewhere.name}/there.csv", "/etc/passwd", "a\0b"):
        assert "须为网址，或在此目录中" in refusal(place)


@pytest.mark.parametrize(
    "place",
    [
        "file:///etc/passwd",
        "memory://sheets/a.csv",
        "gopher://house/a.csv",
        "simplecache::file:///etc/passwd",
        "reference://house/a.csv",
        "ftp://house/a.csv",
        "http:///a.csv",
    ],
)
def test_of_urls_only_those_of_the_web_are_read(place: str) -> None:
    assert "http 或 https" in refusal(place)


@pytest.mark.parametrize("place", ["http://[::1", "http://house:port/a.csv", "https://house:99999/a.csv"])
def test_a_url_that_is_none_is_told(place: str) -> None:
    assert "不是有效的网址" in refusal(place)


@pytest.mark.parametrize("host", HOUSE)
def test_addresses_that_are_not_public_are_refused_after_the_look_up(host: str, house: places.Places) -> None:
    places.set_up(house._replace(networks=()))
    assert "不是公网地址" in refusal(f"http://{host}:1/a.csv")


@pytest.mark.parametrize("address", ["fec0::1", "64:ff9b:1::7f00:1", "64:ff9b::7f00:1", "ff0e::1", "100.64.0.1"])
def test_addresses_that_only_look_public_may_not_be_reached(address: str) -> None:
    assert not fetch.may_reach(ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_public_addresses_may_be_reached(address: str) -> None:
    assert fetch.may_reach(ip_address(address))


def test_a_redirect_is_checked_as_the_first_address_is(web: str) -> None:
    with fetched(f"{web}/to?{web}/日报.csv") as path:
        assert path.read_bytes() == b"x" * 5000
    assert "不是公网地址" in refusal(f"{web}/to?http://127.0.0.2:1/a.csv")
    assert "redirects to something else" in refusal(f"{web}/to?file:///etc/passwd")
    assert "redirects too often" in refusal(f"{web}/to?/to")


def test_what_else_a_redirect_sends_is_not_read(web: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "MOST_SECONDS", 10.0)
    with fetched(f"{web}/flood?{web}/日报.csv") as path:
        assert path.read_bytes() == b"x" * 5000


def test_a_download_that_takes_too_long_is_left(web: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "MOST_SECONDS", 0.5)
    assert "秒内未取完" in refusal(f"{web}/slow")


def test_headings_of_a_file_that_is_no_sheet_are_cut(play: Play, path: Path) -> None:
    save(path, GOODS_IN, headings=["单号", "x" * 60 + "secret", *(f"h{n}" for n in range(200))])
    with pytest.raises(BadInput, match="不认识的列") as wrong:
        import_file(play.db, path, GOODS_IN)
    assert "x" * 60 in str(wrong.value)
    assert "secret" not in str(wrong.value)
    assert len(str(wrong.value)) < 1000


@pytest.fixture
def web(tmp_path: Path) -> Iterator[str]:
    folder = tmp_path / "web"
    folder.mkdir()
    (folder / "日报.csv").write_bytes(b"x" * 5000)

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:
            pass

        def do_GET(self) -> None:
            path, _, target = self.path.partition("?")
            if path == "/to":
                self.send_response(302)
                self.send_header("Location", "/to?/to" if target == "/to" else target)
                self.end_headers()
            elif path == "/flood":
                self.send_response(302)
                self.send_header("Location", target)
                self.end_headers()
                with suppress(OSError):
                    while True:
                        self.wfile.write(b"x" * 65536)
            elif path == "/slow":
                self.wfile.write(b"HTTP/1.0 200 OK\r\n")
                with suppress(OSError):
                    for _ in range(20):
                        self.wfile.write(b"X: 1\r\n")
                        time.sleep(0.1)
            elif self.path == "/bomb":
                self.send_response(200)
                self.send_header("Content-Encoding", "gzip, gzip")
                self.end_headers()
                self.wfile.write(gzip.compress(gzip.compress(bytes(100 << 20))))
            elif self.path == "/asked":
                self.send_response(200)
                self.end_headers()
                self.wfile.write(self.headers["Accept-Encoding"].encode())
            else:
                super().do_GET()

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_a_url_is_fetched_and_gone_afterwards(web: str) -> None:
    with fetched(f"{web}/日报.csv?token=secret") as path:
        assert (path.name, path.read_bytes()) == ("日报.csv", b"x" * 5000)
    assert not path.exists()
    with pytest.raises(BadInput, match=r"无法取得.*404") as wrong, fetched(f"{web}/gone.csv?token=secret"):
        pass
    assert "secret" not in str(wrong.value)
    assert wrong.value.problems[0].value == f"{web}/gone.csv"


def test_of_a_download_that_is_too_large_no_more_is_kept_than_shows_it(
    web: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch, "MOST_BYTES", 4096)
    monkeypatch.setattr(reader, "MOST_BYTES", 4096)
    with fetched(f"{web}/日报.csv") as path, pytest.raises(BadInput, match="请拆分"):
        read_tables(path)


def test_a_download_that_is_sent_compressed_is_not_unpacked(web: str) -> None:
    with fetched(f"{web}/asked") as path:
        assert path.read_text() == "identity"
    assert "is sent compressed" in refusal(f"{web}/bomb")


def test_a_phone_number_in_the_name_of_a_file_is_not_told(web: str) -> None:
    for place in (f"{web}/13912345678.csv", "/etc/13912345678.csv"):
        assert "139****5678.csv" in (told := refusal(place))
        assert "13912345678" not in told


def test_a_secret_of_whom_a_redirect_leads_to_is_not_told(web: str) -> None:
    told = refusal(f"{web}/to?{web.replace('//', '//me:secret@')}/gone.csv?token=secret")
    assert "404" in told
    assert "secret" not in told


def test_a_password_in_a_place_is_not_told() -> None:
    with pytest.raises(BadInput) as wrong, fetched("http://me:secret@127.0.0.1:1/a.xlsx"):
        pass
    assert "secret" not in str(wrong.value)
    assert "127.0.0.1:1/a.xlsx" in str(wrong.value)


def test_a_case_that_a_row_is_about_is_found_however_its_number_is_typed(play: Play, tmp_path: Path) -> None:
    number = play.case(play.apply([PANEL])).number
    kind = sheet_kind("anomaly-report")
    row = {"申报单号": "Y-1", "办事处": "BJ", "申报人工号": "E1049", "来源单号": number.lower().replace("-", "－")}
    row |= {"行号": 1, "异常类别": "质量问题", "数量": 1, "异常情况": "开裂"}
    wrong = row | {"申报单号": "Y-2", "来源单号": "PA-2026-999999"}
    report = import_file(play.db, save(tmp_path / "异常.xlsx", kind, row, wrong), kind)
    assert (report.counts[Became.ACCEPTED], report.counts[Became.REJECTED]) == (1, 1)
    assert "来源单号是已有的单据" in str(report.rejected[0].problems[0])


def test_a_reject_sheet_that_comes_back_wrong_again_and_again_is_counted_in_its_name(
    play: Play, tmp_path: Path
) -> None:
    wrong = line("P-PB-999", 1) | {
        "申报单号": "B-1",
        "办事处": "BJ",
        "申报人工号": "E1049",
        "订单号": "SO20260318-0042",
    }
    path, names = save(tmp_path / "一月.xlsx", APPLICATIONS, wrong), list[str]()
    for _ in range(4):
        path = import_file(play.db, path, APPLICATIONS).reject_sheet or path
        names.append(path.name)
    assert names == ["一月.rejected.xlsx", *(f"一月.rejected-{no}.xlsx" for no in (2, 3, 4))]
