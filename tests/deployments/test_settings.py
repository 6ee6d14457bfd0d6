import os
from ipaddress import ip_network
from pathlib import Path

import pytest

from deployments.settings import REPORTS, Settings, prepare_home
from schemas.problems import UpError


def test_defaults_need_nothing_from_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("HOME", "DATABASE_URL", "PREFECT_DATABASE_URL", "PORT"):
        monkeypatch.delenv(f"AFTERSALES_{name}", raising=False)
    monkeypatch.chdir(tmp_path)
    settings = Settings()
    assert settings.home == tmp_path / ".aftersales"
    assert (settings.database_url, settings.port, settings.worker_threads) == (None, 4200, 8)
    assert settings.fsync


def test_environment_and_empty_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AFTERSALES_PORT", "4300")
    monkeypatch.setenv("AFTERSALES_DATABASE_URL", "")
    settings = Settings()
    assert settings.api_url == "http://127.0.0.1:4300/api"
    assert settings.ui_url == "http://127.0.0.1:4300/v2"
    assert settings.database_url is None


def test_a_password_is_not_shown() -> None:
    assert "secret" not in repr(Settings(database_url="postgresql://me:secret@db/x"))


def test_a_home_that_cannot_be_written_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UpError, match="AFTERSALES_HOME") as raised:
        prepare_home(Settings(home=tmp_path / "file"))
    assert "\n" not in str(raised.value)


def test_sheets_have_their_places_in_the_home_folder_unless_said_otherwise(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("DROPBOX", "REPORTS_PORT", "REPORTS_URL"):
        monkeypatch.delenv(f"AFTERSALES_{name}", raising=False)
    settings = Settings(home=tmp_path, port=4300)
    assert (settings.dropbox, settings.home / REPORTS) == (tmp_path / "dropbox", tmp_path / "reports")
    assert settings.places.link(tmp_path / "reports" / "a b.html") == "http://127.0.0.1:4301/a%20b.html"
    monkeypatch.setenv("AFTERSALES_DROPBOX", str(tmp_path / "share"))
    monkeypatch.setenv("AFTERSALES_REPORTS_PORT", "4400")
    settings = Settings(home=tmp_path)
    assert settings.dropbox == tmp_path / "share"
    assert settings.places.reports_url == "http://127.0.0.1:4400"
    monkeypatch.setenv("AFTERSALES_REPORTS_URL", "https://reports.example/")  # behind a proxy
    assert Settings(home=tmp_path).places.reports_url == "https://reports.example"
    assert Settings(home=tmp_path).variables["AFTERSALES_REPORTS_URL"] == "https://reports.example/"
    prepare_home(settings)
    assert settings.dropbox.is_dir()


def test_what_may_be_imported_by_path_and_from_own_nets_is_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    plain = Settings(home=tmp_path)
    assert (plain.places.folders, plain.places.networks) == ((tmp_path / "sheets",), ())
    monkeypatch.setenv("AFTERSALES_SHEET_FOLDERS", f'["{tmp_path}/in"]')
    monkeypatch.setenv("AFTERSALES_SHEET_NETWORKS", '["10.0.0.0/8"]')
    said = Settings(home=tmp_path)
    assert (said.places.folders, said.places.networks) == ((tmp_path / "in",), (ip_network("10.0.0.0/8"),))


def mode(folder: Path) -> int:
    return folder.stat().st_mode & 0o7777


def test_from_its_first_start_on_the_home_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    old, new = Settings(home=tmp_path / "old"), Settings(home=tmp_path / "new")
    for room in ("logs", "reports", "dropbox"):
        (old.home / room).mkdir(parents=True)
        (old.home / room).chmod(0o755)
    old.home.chmod(0o755)  # of a version that left it open
    before = os.umask(0o022)
    try:
        prepare_home(old)
        prepare_home(new)
    finally:
        os.umask(before)
    rooms = [room for home in (old.home, new.home) for room in home.iterdir()]
    assert len(rooms) == 2 * len(["logs", "run", "reports", "prefect", "sheets", "dropbox"])
    assert {mode(room) for room in rooms} == {0o700}
    passed = 0o711 if os.geteuid() == 0 else 0o700  # root's PostgreSQL has a user of its own
    assert (mode(old.home), mode(new.home) & ~passed) == (passed, 0)


def test_a_drop_folder_that_is_shared_keeps_its_mode(tmp_path: Path) -> None:
    share = tmp_path / "share"
    share.mkdir()
    share.chmod(0o2775)
    prepare_home(Settings(home=tmp_path / "home", dropbox=share))
    assert mode(share) == 0o2775


def test_a_folder_that_belongs_to_everybody_is_no_home_and_is_not_closed(tmp_path: Path) -> None:
    tmp_path.chmod(0o1777)
    with pytest.raises(UpError, match="AFTERSALES_HOME"):
        prepare_home(Settings(home=tmp_path))
    assert mode(tmp_path) == 0o1777


def test_folders_of_sheets_elsewhere_are_only_read(tmp_path: Path) -> None:
    """A share that is mounted for reading must not keep the product from starting."""
    home, share = tmp_path / "home", tmp_path / "share"
    prepare_home(Settings(home=home, sheet_folders=(share,)))
    assert ((home / "sheets").is_dir(), share.exists()) == (True, False)
