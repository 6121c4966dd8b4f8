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


@pytest.mark.parametrize(("language", "example"), EXAMPLES, ids=range(len(EXAMPLES)))
def test_an_example_does_what_it_says(
    language: str, example: str, base_url: str, root: tuple[str, str]
) -> None:
    if language == "sh" and not (shutil.which("jq") and shutil.which("curl")):
        assert os.environ.get("CI") != "true", "CI must have jq and curl"
        pytest.skip("no jq or curl on this machine")
    done = subprocess.run(
        [*SHELLS[language], example],
        env={**os.environ, "URL": base_url, "ADMIN": ":".join(root)},
        capture_output=True,
        text=True,
        timeout=services.DEADLINE,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.strip()
    assert "null" not in done.stdout.split()
