"""Which service is asked, and as whom; and that passwords stay where they belong."""

import stat
from pathlib import Path

import pytest

from hoststat import profiles
from hoststat.errors import LoginNeeded, Usage
from hoststat.profiles import Kept, Profile
from tests.client.conftest import Command
from tests.support.fake_service import LOGIN, Fake

PROD = Profile("https://prod.example.com/api", "ops", "secret of ops")
HERE = Profile("http://127.0.0.1:8000", "admin", "secret of admin")


def test_a_profile_is_read_as_it_was_written(tmp_path: Path) -> None:
    file = tmp_path / "new" / "profiles.toml"
    odd = PROD._replace(password='secret "of" \\ ö 語\t', insecure_http=True, cacert="/ca.pem")
    kept = Kept({"prod": PROD, 'a "b".c': odd}, "prod")
    profiles.save(file, kept)
    assert profiles.load(file) == kept
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [it.name for it in file.parent.iterdir()] == ["profiles.toml"]


def test_a_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "profiles.toml"
    profiles.save(file, Kept({"prod": PROD}, "prod"))
    file.chmod(0o640)
    with pytest.raises(LoginNeeded, match=f"chmod 600 {file}"):
        profiles.load(file)


@pytest.mark.parametrize("text", ["[", "[profiles.x]\nuser = 'a'\n", "\0"])
def test_a_file_that_cannot_be_read_is_one_sentence(tmp_path: Path, text: str) -> None:
    file = tmp_path / "profiles.toml"
    file.write_text(text)
    file.chmod(0o600)
    with pytest.raises(Usage):
        profiles.load(file)


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of the user's own profiles, with the one of `PROD`."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    profiles.save(profiles.path(), Kept({"prod": PROD}, "prod"))
    return profiles.path()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder in a checkout, which has the profile of `HERE`."""
    profiles.save(tmp_path / "checkout" / ".hoststat", Kept({"local": HERE}, "local"))
    folder = tmp_path / "checkout" / "docs"
    folder.mkdir()
    return folder


@pytest.mark.usefixtures("own")
class TestWhichOne:
    def test_the_one_that_is_named_comes_first(self, checkout: Path) -> None:
        environ = {"HOSTSTAT_URL": "https://other.example.com"}
        assert profiles.choose("prod", environ, checkout) == PROD
        assert profiles.choose("local", environ, checkout) == HERE

    def test_then_the_environment_with_the_login_of_the_same_url_alone(
        self, checkout: Path
    ) -> None:
        other = {"HOSTSTAT_URL": "https://other.example.com"}
        assert profiles.choose("", other, checkout) == Profile("https://other.example.com")
        assert profiles.choose("", {"HOSTSTAT_URL": f"{PROD.url}/"}, checkout) == PROD
        nobody = other | {"HOSTSTAT_USER": "ops"}
        assert profiles.choose("", nobody, checkout) == Profile(other["HOSTSTAT_URL"], "ops")

    def test_then_the_login(self, checkout: Path) -> None:
        assert profiles.choose("", {}, checkout) == PROD
        other = profiles.choose("", {"HOSTSTAT_USER": "jluser"}, checkout)
        assert other == Profile(PROD.url, "jluser")

    def test_then_the_checkout(self, own: Path, checkout: Path) -> None:
        own.unlink()
        assert profiles.choose("", {}, checkout) == HERE

    def test_without_any_it_says_how_to_log_in(self, own: Path, tmp_path: Path) -> None:
        own.unlink()
        with pytest.raises(LoginNeeded, match="`hoststat login URL` logs in"):
            profiles.choose("", {}, tmp_path)

    def test_one_that_is_not_there_is_told(self, tmp_path: Path) -> None:
        with pytest.raises(LoginNeeded) as needed:
            profiles.choose("x", {}, tmp_path)
        told = "There is no profile x (there are: prod): `hoststat --profile x login URL` makes it."
        assert str(needed.value) == told


@pytest.mark.parametrize("mode", [0o620, 0o604, 0o666])
def test_a_checkouts_file_that_others_can_touch_is_left_alone(checkout: Path, mode: int) -> None:
    file = checkout.parent / ".hoststat"
    assert profiles.checkout(checkout) == file
    file.chmod(mode)
    assert profiles.checkout(checkout) is None


def test_a_checkout_starts_no_command(checkout: Path) -> None:
    file = checkout.parent / ".hoststat"
    profiles.save(file, Kept({"local": HERE._replace(credential_command="touch x")}, "local"))
    assert profiles.load(file).profiles["local"] == HERE


@pytest.mark.parametrize(
    "url",
    ["http://10.0.0.1:8000", "http://hoststat.example.com", "http://127.0.0.1.example.com"],
)
def test_plain_http_beyond_this_machine_is_refused(url: str) -> None:
    with pytest.raises(Usage, match="unencrypted: use https, or --insecure-http"):
        profiles.check_url(Profile(url))
    profiles.check_url(Profile(url, insecure_http=True))


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "http://[::1]:1/api", "https://a.b/api"])
def test_other_urls_are_taken(url: str) -> None:
    profiles.check_url(Profile(url))


@pytest.mark.parametrize(
    "url", ["", "prod", "ftp://a.b", "https://", "https://u:p@a.b", "http://["]
)
def test_what_is_no_url_is_refused(url: str) -> None:
    with pytest.raises(Usage, match="is not the URL of a service"):
        profiles.check_url(Profile(url))


class TestLogin:
    """``hoststat login``."""

    def test_it_is_tried_and_kept(self, stranger: Command, url: str) -> None:
        words = ("login", f"{url}/", "--user", "root", "--password-file", "-")
        said = stranger(*words, given="secret of root\n")
        assert said == (0, f"root is logged in to {url}\n", "")
        kept = Kept({"default": Profile(url, *LOGIN)}, "default")
        assert profiles.load(stranger.file) == kept
        assert stat.S_IMODE(stranger.file.stat().st_mode) == 0o600
        assert stranger("hosts").code == 0

    def test_several_have_several_profiles(self, stranger: Command, url: str) -> None:
        for name in ("one", "two"):
            words = ("--profile", name, "login", url, "--user", "root", "--password-file", "-")
            said = stranger(*words, given="secret of root\n")
            assert said.code == 0
        assert profiles.load(stranger.file).current == "two"
        told = "The profile two is used from now on; `hoststat --profile one` uses one.\n"
        assert said.out == f"root is logged in to {url}\n{told}"
        again = stranger(*words, given="secret of root\n")
        assert again.out == f"root is logged in to {url}\n"
        assert stranger("--profile", "one", "hosts").code == 0

    def test_a_wrong_password_is_not_kept(self, stranger: Command, url: str) -> None:
        words = ("login", url, "--user", "root", "--password-file", "-")
        said = stranger(*words, given="secret of another\n")
        told = f"hoststat: {url} refuses this name or password; nothing is kept. Try again; "
        told += "an admin sets a new password by `hoststat users set root --password`.\n"
        assert said == (4, "", told)
        assert not stranger.file.exists()

    def test_a_command_is_kept_instead_of_the_password(self, stranger: Command, url: str) -> None:
        command = "printf 'secret of root\\nmore'"
        words = ("login", url, "--user", "root", "--credential-command", command)
        assert stranger(*words).code == 0
        assert "secret of root" in stranger.file.read_text()  # the words of the command
        assert profiles.load(stranger.file).profiles["default"].password == ""
        assert stranger("hosts").code == 0

    def test_a_place_without_a_service_is_told(
        self, stranger: Command, fake: Fake, url: str
    ) -> None:
        fake.faults += [(404, {"message": "Not Found"})]
        words = ("login", url, "--user", "root", "--password-file", "-")
        said = stranger(*words, given="secret of root\n")
        told = f"hoststat: There is no hoststat at {url}: is the path whole, such as /api?\n"
        assert said == (2, "", told)

    def test_nobody_is_asked_where_nobody_can_type(self, stranger: Command, url: str) -> None:
        told = "Password of root is needed: --password-file FILE, or - for standard input."
        assert stranger("login", url, "--user", "root") == (4, "", f"hoststat: {told}\n")
        environ = {"HOSTSTAT_URL": url, "HOSTSTAT_USER": "root"}
        assert stranger("hosts", **environ) == (4, "", f"hoststat: {told}\n")
        given = stranger("--password-file", "-", "hosts", given="secret of root\n", **environ)
        assert given.code == 0


def test_a_command_that_cannot_start_is_told(hoststat: Command, url: str) -> None:
    profile = Profile(url, "root", credential_command="no-such-command x")
    profiles.save(hoststat.file, Kept({"default": profile}, "default"))
    why = "cannot start: no-such-command: No such file or directory."
    assert hoststat("hosts") == (4, "", f"hoststat: The profile's credential_command {why}\n")


def test_without_a_profile_it_says_to_log_in(stranger: Command) -> None:
    told = "hoststat: No service is chosen: `hoststat login URL` logs in to one.\n"
    assert stranger("uptime") == (4, "", told)
