"""``DATA=dir make service``: what was acknowledged is there again, whatever was killed."""

import contextlib
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import requests

from local import stage
from tests.support import processes
from tests.support.durable import ADMIN, durable
from tests.support.iostats import needs

#: Times that everything is killed.
KILLS = 3


@needs("iostat")
def test_what_was_acknowledged_survives_that_everything_is_killed(tmp_path: Path) -> None:
    dice = random.Random(13)
    accepted: list[str] = []
    names: list[str] = []
    with durable(tmp_path / "data") as service:
        for kill in range(KILLS):
            until = time.monotonic() + dice.uniform(1, 3)
            while time.monotonic() < until:
                with contextlib.suppress(requests.RequestException):
                    made = service.ask("POST", "/v2/iostat", json={"count": 6, "wait": 1})
                    accepted += [made.json()["task_id"]] if made.status_code == 201 else []
                    name = f"u{kill}-{len(names)}"
                    fields = {"username": name, "fullname": "U.", "password": "secret of u"}
                    made = service.ask("POST", "/v3/users/", json=fields, auth=ADMIN)
                    names += [name] if made.status_code == 201 else []
            service.kill()
            service.start()
        users = service.ask("GET", "/v3/users/?limit=1000", auth=ADMIN).json()["users"]
        assert set(users) >= {*names, "root"}

        def ended() -> bool:
            return all(
                service.ask("GET", f"/v2/task/{it}").json()["state"] == "SUCCESS" for it in accepted
            )

        assert accepted
        assert processes.until(ended, seconds=3 * processes.DEADLINE)
        for task_id in accepted:
            text = service.ask("GET", f"/v2/task/{task_id}").json()["result"]["iostat"]
            assert (text.count("Linux"), text.count("Device")) == (1, 6)


def test_the_data_of_a_service_that_runs_is_refused_to_another_one(tmp_path: Path) -> None:
    with durable(tmp_path / "data"):
        second = subprocess.run(
            [sys.executable, "-m", "local.launch"],
            cwd=stage.PROJECT,
            env={
                **os.environ,
                "PORT": str(processes.free_port()),
                "DATA": str(tmp_path / "data"),
                "ADMIN": "root:secret of another",
            },
            capture_output=True,
            text=True,
            timeout=processes.DEADLINE,
            check=False,
        )
        assert (second.returncode, second.stdout) == (1, "")
        said = [line for line in second.stderr.splitlines() if line.startswith("hoststat: ")]
        assert str(tmp_path / "data") in said[0]
