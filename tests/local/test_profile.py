"""The profile that `make service` writes into its checkout."""

import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from hoststat import profiles
from hoststat.profiles import Kept, Profile
from local import profile
from tests.support import processes as services

URL = "http://127.0.0.1:8000"


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PROFILE", str(tmp_path / ".hoststat"))
    return tmp_path / ".hoststat"


def test_a_service_writes_its_url_and_its_first_admin_for_nobody_else_to_read(file: Path) -> None:
    with profile.kept(URL, "admin", "secret of admin") as other:
        assert other is None
    assert profiles.load(file) == Kept({"local": Profile(URL, "admin", "secret of admin")}, "local")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_service_that_keeps_its_users_keeps_their_login(file: Path) -> None:
    gone = f"http://127.0.0.1:{services.free_port()}"
    with profile.kept(gone, "admin", "secret of admin"):
        pass
    with profile.kept("http://127.0.0.1:8080", "", "") as other:
        assert other is None
    kept = profiles.load(file).profiles["local"]
    assert kept == Profile("http://127.0.0.1:8080", "admin", "secret of admin")


def test_without_a_known_login_there_is_none(file: Path) -> None:
    with profile.kept(URL, "", ""):
        pass
    assert profiles.load(file).profiles["local"] == Profile(URL)


def test_a_service_starts_where_its_profile_cannot_be_written(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.mkdir()
    with profile.kept(URL, "admin", "secret of admin"):
        pass
    assert capsys.readouterr().err.startswith("hoststat: The profile local cannot be written: ")


def test_a_service_can_be_told_to_write_none(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROFILE", "")
    with profile.kept(URL, "admin", "secret of admin"):
        pass
    assert list(tmp_path.iterdir()) == []


class TestTwoServices:
    """Another service of the checkout runs already, and has the profile."""

    @pytest.fixture
    def other(self, file: Path) -> Iterator[socket.socket]:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            theirs = Profile(f"http://127.0.0.1:{listening.getsockname()[1]}", "root", "secret one")
            profiles.save(file, Kept({"local": theirs}, "local"))
            yield listening

    def named(self, file: Path) -> Profile:
        return profiles.load(file).profiles["local"]

    def test_the_last_one_has_the_profile_and_gives_it_back_at_its_end(
        self, file: Path, other: socket.socket
    ) -> None:
        theirs = self.named(file)
        with profile.kept(URL, "admin", "secret of admin") as found:
            assert found == theirs
            assert self.named(file) == Profile(URL, "admin", "secret of admin")
        assert self.named(file) == theirs

    def test_its_login_is_not_taken_for_ours(self, file: Path, other: socket.socket) -> None:
        with profile.kept(URL, "", ""):
            assert self.named(file) == Profile(URL)

    def test_one_that_has_ended_meanwhile_gets_nothing_back(
        self, file: Path, other: socket.socket
    ) -> None:
        with profile.kept(URL, "admin", "secret of admin"):
            other.close()
        assert self.named(file).url == URL

    def test_one_that_was_started_later_keeps_it(self, file: Path, other: socket.socket) -> None:
        latest = Profile("http://127.0.0.1:8080", "admin", "secret two")
        with profile.kept(URL, "admin", "secret of admin"):
            profiles.save(file, Kept({"local": latest}, "local"))
        assert self.named(file) == latest


@pytest.mark.parametrize(
    "written", ["http://127.0.0.1:99999", "http://127.0.0.1:80o0", "http://[::1", "elsewhere"]
)
def test_a_service_starts_whatever_a_person_has_written_into_its_profile(
    file: Path, written: str
) -> None:
    profiles.save(file, Kept({"local": Profile(written)}, "local"))
    with profile.kept(URL, "admin", "secret of admin") as other:
        assert other is None
    assert profiles.load(file).profiles["local"] == Profile(URL, "admin", "secret of admin")
