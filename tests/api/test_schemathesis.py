"""The live service, asked whatever its description allows, and what it does not."""

import subprocess
import sys
from pathlib import Path

from tests.support import processes as services

#: Rules between two parameters have no place in OpenAPI: `wait` needs a `count`, numbers stand in
#: the query or in the body, a new user bears the name of its path.
_NOT_CHECKED = "positive_data_acceptance"
#: Windows are short and nobody measures them, nobody is slowed down: what is asked is the API.
_SETTINGS = {"WORKER": "0", "SYNC_SECONDS": "1", "HOLD_SECONDS": "0", "LOGIN_FAILURES": "100000"}


def test_it_keeps_to_its_description_whatever_it_is_asked(tmp_path: Path) -> None:
    port, admin = services.free_port(), "root:secret-of-schemathesis"
    url = f"http://127.0.0.1:{port}"
    service = [sys.executable, "-m", "local.launch"]
    # Its log would fill a pipe.
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
