"""The benchmark of the command's start."""

import subprocess
from pathlib import Path

import pytest

from bench import command_start


@pytest.mark.parametrize("case", ["python -c pass", "hoststat --help", "hoststat uptime"])
def test_each_case_does_what_it_measures(tmp_path: Path, case: str) -> None:
    with command_start.service() as url:
        assert command_start.seconds(case, command_start.environ(url, str(tmp_path))) > 0


def test_a_case_that_fails_is_not_measured(tmp_path: Path) -> None:
    given = command_start.environ("http://127.0.0.1:1/nobody", str(tmp_path))
    with pytest.raises(subprocess.CalledProcessError):
        command_start.seconds("hoststat uptime", given)
