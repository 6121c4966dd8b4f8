"""The examples of docs/api.md, run as they are written there."""

import os
import re
import shutil
import subprocess
import sys

import pytest

from local import stage
from tests.blackbox.conftest import HOST
from tests.support import processes as services

TEXT = (stage.PROJECT / "docs" / "api.md").read_text()
EXAMPLES = re.findall(r"```(sh|python)\n(.*?)```", TEXT, re.DOTALL)
SHELLS = {"sh": ["bash", "-euo", "pipefail", "-c"], "python": [sys.executable, "-c"]}

pytestmark = pytest.mark.skipif(bool(HOST), reason="an example knows no other name of the host")


def run(language: str, example: str, **environ: str) -> "subprocess.CompletedProcess[str]":
    if language == "sh" and not (shutil.which("jq") and shutil.which("curl")):
        assert os.environ.get("CI") != "true", "CI must have jq and curl"
        pytest.skip("no jq or curl on this machine")
    return subprocess.run(
        [*SHELLS[language], example],
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        timeout=services.DEADLINE,
        check=False,
    )


@pytest.mark.parametrize("language", SHELLS)
def test_a_loop_ends_with_a_message_where_nobody_answers(language: str) -> None:
    (loop,) = [text for kind, text in EXAMPLES if kind == language and "while " in text]
    done = run(language, loop, URL=f"http://127.0.0.1:{services.free_port()}")
    assert done.returncode != 0
    assert "onnect" in done.stderr


def test_the_loop_to_paste_ends_where_the_shell_goes_on_after_errors() -> None:
    (loop,) = [text for kind, text in EXAMPLES if kind == "sh" and "while " in text]
    done = run("sh", f"set +eo pipefail\n{loop}", URL=f"http://127.0.0.1:{services.free_port()}")
    assert (done.stdout, done.stderr.count("curl: (7)")) == ("", 3)


@pytest.mark.parametrize(("language", "example"), EXAMPLES, ids=range(len(EXAMPLES)))
def test_an_example_does_what_it_says(
    language: str, example: str, base_url: str, root: tuple[str, str]
) -> None:
    done = run(language, example, URL=base_url, ADMIN=":".join(root))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.strip()
    assert "null" not in done.stdout.split()
