"""`aftersales export`: what is asked wrongly is refused in one line, nothing is overwritten."""

from pathlib import Path

import pytest
import time_machine
from typer.testing import CliRunner

from deployments.cli.app import app

WHOLE = ["--from", "2026-01-01", "--to", "2026-12-31"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--from", "2026-13-01", "--to", "2026-12-31"], "--from"),
        (["--from", "2026-02-01", "--to", "2026-01-31"], "不能早于 must not be before 2026-02-01"),
        ([*WHOLE, "--process", "XX"], "应为 must be one of: AN, "),
    ],
)
def test_a_wrong_period_or_process_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, words: list[str], told: str
) -> None:
    monkeypatch.setenv("AFTERSALES_HOME", str(tmp_path / "home"))
    found = CliRunner().invoke(app, ["export", str(tmp_path / "log.xes"), "--format", "xes", *words])
    assert (found.exit_code, told in found.stderr) == (1, True), found.stderr
    assert not (tmp_path / "log.xes").exists()


@time_machine.travel("2026-11-18T10:00:00+08:00", tick=False)
def test_a_log_is_written_and_not_overwritten(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AFTERSALES_HOME", str(tmp_path / "home"))
    run = CliRunner().invoke
    assert run(app, ["db", "upgrade"]).exit_code == 0
    words = ["export", str(tmp_path / "log.json"), "--format", "ocel", *WHOLE]
    assert '"events": 0' in run(app, [*words, "--json"]).stdout
    again = run(app, words)
    assert (again.exit_code, "--force" in again.stderr) == (1, True)
    assert run(app, [*words, "--force"]).exit_code == 0
