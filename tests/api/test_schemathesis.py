"""The running service, with all kinds of requests that its description allows or forbids."""

import subprocess
import sys
from pathlib import Path

from tests.support import processes as services

#: OpenAPI cannot describe rules between two parameters: `wait` needs a `count`; numbers are in the
#: query or in the body; the path of a new user contains its name.
_NOT_CHECKED = "positive_data_acceptance"
#: Only the API is tested: windows are short, no worker runs, though health counts that of Lambda,
#: and wrong logins cost no pause.
_SETTINGS = {
    "WORKER": "0",
    "LAMBDA_WORKER": "on",
    "SYNC_SECONDS": "1",
    "HOLD_SECONDS": "0",
    "LOGIN_FAILURES": "100000",
}


def test_every_answer_is_as_described_whatever_is_asked(tmp_path: Path) -> None:
    port, admin = services.free_port(), "root:secret-of-schemathesis"
    url = f"http://127.0.0.1:{port}"
    service = [sys.executable, "-m", "local.launch"]
    # Its log goes to a file: nobody would read a pipe, and a full pipe would stop the service.
    with (
        (tmp_path / "log").open("w") as log,
        services.process(*service, log=log, PORT=str(port), ADMIN=admin, **_SETTINGS),
    ):
        assert services.until(lambda: services.answers(url))
        asked = subprocess.run(
            [
                str(Path(sys.executable).parent / "schemathesis"),
                *("run", f"{url}/openapi.json", "--url", url, "--auth", admin),
                *("--exclude-checks", _NOT_CHECKED, "--phases", "examples,coverage,fuzzing"),
                *("--max-examples", "15", "--seed", "1", "--no-color"),
            ],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
    assert asked.returncode == 0, asked.stdout
