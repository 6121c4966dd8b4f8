"""The profile that `make service` writes into its checkout."""

import stat
from pathlib import Path

import pytest

from hoststat import profiles
from hoststat.profiles import Kept, Profile
from local import profile

URL = "http://127.0.0.1:8000"


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PROFILE", str(tmp_path / ".hoststat"))
    return tmp_path / ".hoststat"


def test_a_service_writes_its_url_and_its_first_admin_for_nobody_else_to_read(file: Path) -> None:
    profile.keep(URL, "admin", "secret of admin")
    assert profiles.load(file) == Kept({"local": Profile(URL, "admin", "secret of admin")}, "local")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_service_that_keeps_its_users_keeps_their_login(file: Path) -> None:
    profile.keep(URL, "admin", "secret of admin")
    profile.keep("http://127.0.0.1:8080", "", "")
    kept = profiles.load(file).profiles["local"]
    assert kept == Profile("http://127.0.0.1:8080", "admin", "secret of admin")


def test_without_a_known_login_there_is_none(file: Path) -> None:
    profile.keep(URL, "", "")
    assert profiles.load(file).profiles["local"] == Profile(URL)


def test_a_service_starts_where_its_profile_cannot_be_written(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.mkdir()
    profile.keep(URL, "admin", "secret of admin")
    assert capsys.readouterr().err.startswith("hoststat: The profile local cannot be written: ")


def test_a_service_can_be_told_to_write_none(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROFILE", "")
    profile.keep(URL, "admin", "secret of admin")
    assert list(tmp_path.iterdir()) == []
