"""Wrong usage: one sentence on standard error that says what to do, and exit code 2."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click import Context
from click.testing import CliRunner

from hoststat.__main__ import COMMANDS, cli
from local import stage
from tests.client.conftest import Command


@pytest.mark.parametrize("option", ["-k", "-N", "-m", "-p", "-h", "--human", "-xk"])
def test_options_of_iostat_that_are_not_offered_are_refused(stranger: Command, option: str) -> None:
    said = stranger("iostat", option, "web-1", "1", "3")
    named = "-k" if option == "-xk" else option
    told = f"hoststat: iostat's {named} is not offered; -c, -d, -t, -x and -y are.\n"
    assert said == (2, "", told)


@pytest.mark.parametrize("command", ["iostat", "hosts"])
def test_options_of_every_command_stand_before_it(stranger: Command, command: str) -> None:
    told = "hoststat: --profile stands before the command: `hoststat --help` says how.\n"
    assert stranger(command, "--profile", "work") == (2, "", told)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("iostat", "1", "web-1"), "Hosts come first, then INTERVAL and COUNT."),
        (("iostat", "--csv", "--json"), "Choose one of --json and --csv."),
        (("iostat", "1", "--detach"), "--detach needs a COUNT: nobody would end the window."),
        (("watch",), "Missing argument 'ID': `hoststat watch --help` says what is possible."),
        (("xyz",), "No such command 'xyz': `hoststat --help` says what is possible."),
        (
            ("--password-file", "nofile", "login", "http://127.0.0.1:1", "--user", "root"),
            "The password file nofile cannot be read: No such file or directory.",
        ),
        (
            ("login", "http://127.0.0.1:1"),
            "The name is needed: --user NAME, or HOSTSTAT_USER.",
        ),
        (("--nope",), "No such option '--nope': `hoststat --help` says what is possible."),
        (
            ("users", "add", "jl"),
            "New password of jl is needed: --new-password-file FILE, or - for standard input.",
        ),
        (
            ("users", "set", "jl"),
            "Say what to change: --rename, --fullname, --admin, --no-admin or --password.",
        ),
    ],
)
def test_wrong_usage_is_one_sentence(hoststat: Command, words: tuple[str, ...], told: str) -> None:
    assert hoststat(*words) == (2, "", f"hoststat: {told}\n")


def test_every_command_has_help_and_those_that_take_more_have_examples(stranger: Command) -> None:
    listed = stranger("--help")
    assert (listed.code, listed.err) == (0, "")
    for name in COMMANDS:
        command = cli.get_command(Context(cli), name)
        assert command is not None
        assert f"\n  {name} " in listed.out
        said = CliRunner().invoke(cli, [name, "--help"], prog_name="hoststat")
        assert (said.exit_code, said.stderr) == (0, "")
        assert "\\b" not in said.stdout
        assert said.stdout.startswith(f"Usage: hoststat {name} ")
        takes_more = len([it for it in command.params if it.param_type_name == "option"]) > 5
        assert not takes_more or "Examples:" in said.stdout


def test_the_help_of_all_lists_the_exit_codes_of_the_docs(stranger: Command) -> None:
    docs = (stage.PROJECT / "docs" / "client.md").read_text()
    promised = re.findall(r"^\| ([0-9]+)(?:, ([0-9]+), ([0-9]+))? \| .* \|$", docs, re.MULTILINE)
    codes = {code for found in promised for code in found if code}
    assert codes == {"0", "1", "2", "3", "4", "5", "129", "130", "143"}
    listed = stranger("--help").out.partition("Exit codes:")[2]
    assert set(re.findall(r"[0-9]+", listed)) == codes


def test_no_command_at_all_is_help_and_nothing_else(stranger: Command) -> None:
    assert stranger() == (2, "", stranger("--help").out)


def test_the_help_of_completion_has_a_line_for_each_shell(stranger: Command) -> None:
    lines = [it.split()[:2] for it in stranger("completion", "--help").out.splitlines() if it]
    assert lines[-3:] == [["bash", "eval"], ["zsh", "eval"], ["fish", "hoststat"]]


def test_nothing_of_the_service_is_imported_and_urllib3_only_to_ask(tmp_path: Path) -> None:
    script = "import sys; from hoststat.__main__ import main; sys.argv = ['hoststat', '--help'];"
    script += "main(); print(*sorted({it.partition('.')[0] for it in sys.modules}))"
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=stage.PROJECT,
        # What counts the coverage imports much itself.
        env={name: it for name, it in os.environ.items() if not name.startswith("COVERAGE")},
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(done.stdout.splitlines()[-1].split())
    assert "click" in loaded
    assert not loaded & {"app", "argon2", "boto3", "botocore", "chalice", "chalicelib", "msgspec"}
    assert not loaded & {"urllib3", "urllib", "ssl", "json", "pathlib", "tomllib", "csv"}


def test_it_needs_click_and_urllib3_alone() -> None:
    own = set(sys.stdlib_module_names) | {"hoststat"}
    found = set()
    for file in (stage.PROJECT / "hoststat").glob("*.py"):
        assert len(file.read_text().splitlines()) <= 250, file.name
        found |= set(re.findall(r"^ *(?:from|import) ([a-z0-9_]+)", file.read_text(), re.MULTILINE))
    assert found - own == {"click", "urllib3"}
