"""``make admin``, and the first admin of ``make service``."""

import os
import subprocess
import sys

import pytest
import requests

from chalicelib.bootstrap import parts
from local import launch as service
from local import stage
from tests.local.test_launch import Running, running
from tests.support import processes as services

PASSWORD = "secret of boss"


def make_admin(
    own: Running, *variables: str, given: str, **environ: str
) -> "subprocess.CompletedProcess[str]":
    """Run the command with `variables`; `given` is its standard input."""
    return subprocess.run(
        ["make", "--no-print-directory", "admin", f"PORT={own.port}", *variables],
        cwd=stage.PROJECT,
        env={**os.environ, **environ},
        input=given,
        capture_output=True,
        text=True,
        timeout=services.DEADLINE,
        check=False,
    )


def may_change(own: Running, username: str, password: str) -> bool:
    """Tell whether these are the credentials of an admin."""
    answer = requests.delete(
        f"{own.url}/v3/users/nobody", auth=(username, password), timeout=services.DEADLINE
    )
    return answer.status_code == 404


def test_an_admin_is_made_by_the_command() -> None:
    with running(WORKER="0", ADMIN="root:secret of root") as own:
        assert may_change(own, "root", "secret of root")

        made = make_admin(own, "USERNAME=boss", given=f"{PASSWORD}\nmore\n", USERNAME="jluser")
        assert (made.returncode, made.stdout) == (0, "boss was made, an admin; stage dev\n")
        assert PASSWORD not in made.stderr
        assert may_change(own, "boss", PASSWORD)

        again = make_admin(own, "USERNAME=boss", given="secret of another")
        said = "boss is an admin now, with that password; stage dev\n"
        assert (again.returncode, again.stdout) == (0, said)
        assert may_change(own, "boss", "secret of another")

        for given, username, said in (
            ("short\n", "boss", "password must be at least 8 characters and at most 1024 bytes"),
            ("", "boss", "password must be at least 8 characters and at most 1024 bytes"),
            (f"{PASSWORD}\n", "a b", "username must be 1 to 64 of "),
            (f"{PASSWORD}\n", "", "Say who: make admin USERNAME=name"),
        ):
            refused = make_admin(own, f"USERNAME={username}", given=given)
            assert refused.returncode == 2
            assert refused.stderr.startswith(f"hoststat: {said}")
            assert refused.stdout == ""


def test_a_name_that_the_desktop_has_set_is_not_taken() -> None:
    own = Running(services.free_port(), None)  # type: ignore[arg-type]
    refused = make_admin(own, given=f"{PASSWORD}\n", USERNAME="jluser")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.startswith("hoststat: Say who: make admin USERNAME=name\n")


TERMINAL = """
import os, pty, sys
status = pty.spawn([sys.executable, "-m", "local.admin"])
sys.exit(os.waitstatus_to_exitcode(status))
"""


@pytest.mark.parametrize(
    ("second", "status", "said"),
    [
        (PASSWORD, 0, "boss was made, an admin; stage dev"),
        ("secret of another", 1, "hoststat: The two passwords differ."),
    ],
)
def test_on_a_terminal_the_password_is_asked_for_twice_and_not_shown(
    second: str, status: int, said: str
) -> None:
    with running(WORKER="0", ADMIN="root:secret of root") as own:
        asking = subprocess.Popen(
            [sys.executable, "-c", TERMINAL],
            cwd=stage.PROJECT,
            env={**os.environ, "PORT": str(own.port), "USERNAME": "boss"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert asking.stdin is not None
        assert asking.stdout is not None
        shown = b""
        for prompt, typed in ((b"Password: ", PASSWORD), (b"Again: ", second)):
            while not shown.endswith(prompt):
                shown += asking.stdout.read(1)
            asking.stdin.write(f"{typed}\n".encode())
            asking.stdin.flush()
        shown += asking.stdout.read()
        assert asking.wait(services.DEADLINE) == status
        asking.stdin.close()
        asking.stdout.close()
        assert shown.decode().split() == ["Password:", "Again:", *said.split()]
        assert may_change(own, "boss", PASSWORD) is (status == 0)


def test_without_a_cloud_the_command_gives_one_clear_line() -> None:
    own = Running(services.free_port(), None)  # type: ignore[arg-type]
    refused = make_admin(own, "USERNAME=boss", given=f"{PASSWORD}\n")
    said = (
        "hoststat: A service that this one needs does not answer; try again. "
        "On a laptop, `make service` starts what is missing.\n"
    )
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.startswith(said)


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"STAGE": "prod"}, "You must specify a region."),
        ({"PORT": "http"}, "PORT must be a number from 1 to 65535, not 'http'"),
    ],
)
def test_a_stage_that_cannot_be_reached_gives_one_clear_line(
    environ: dict[str, str], said: str
) -> None:
    refused = subprocess.run(
        [sys.executable, "-m", "local.admin"],
        cwd=stage.PROJECT,
        env={"PATH": os.environ["PATH"], "USERNAME": "boss", **environ},
        input=f"{PASSWORD}\r\n",
        capture_output=True,
        text=True,
        timeout=services.DEADLINE,
        check=False,
    )
    assert (refused.returncode, refused.stderr) == (1, f"hoststat: {said}\n")


def test_a_service_without_an_admin_makes_one_and_prints_its_password() -> None:
    with running(WORKER="0") as own:
        username, password = own.said_admin
        assert username == "admin"
        assert len(password) >= 16
        assert may_change(own, username, password)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("root", "ADMIN must be name:password."),
        ("root:", "password must be at least 8 characters and at most 1024 bytes of UTF-8."),
        (":secret of nobody", "username must be 1 to 64 of A-Z a-z 0-9 . _ - beginning with a"),
    ],
)
def test_an_admin_that_is_not_allowed_gives_one_clear_line(given: str, said: str) -> None:
    refused = subprocess.run(
        [sys.executable, "-m", "local.launch"],
        cwd=stage.PROJECT,
        env={**os.environ, "PORT": str(services.free_port()), "ADMIN": given},
        capture_output=True,
        text=True,
        timeout=services.DEADLINE,
        check=False,
    )
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.splitlines()[-1].startswith(f"hoststat: {said}")


@pytest.mark.usefixtures("cloud")
class TestFirstAdmin:
    def test_without_a_word_one_is_made_with_a_random_password(self) -> None:
        told = service.make_first_admin("").told
        username, _, password = told.removeprefix(
            "v3 knows one user, made for this run: "
        ).partition(":")
        user = parts.users.find(username)
        assert (username, user.admin, len(password)) == ("admin", True, 16)
        assert parts.passwords.match(user.password_hash, password)

    def test_one_who_is_there_stays(self) -> None:
        parts.users.make_admin("root", "secret of root")
        assert service.make_first_admin("") == service.FirstAdmin()
        assert [user.username for user in parts.users.page(None, 10)[0]] == ["root"]

    def test_one_who_is_named_gets_that_password(self) -> None:
        parts.users.make_admin("root", "secret of root")
        made = service.make_first_admin("root:secret and new")
        assert made == service.FirstAdmin("root", "secret and new")
        assert parts.passwords.match(parts.users.find("root").password_hash, "secret and new")
