"""``make test-deployed``: deploys a stage to an emulator of AWS, tests it, and deletes it.

The emulator, MiniStack, runs the packaged functions behind an API Gateway of its own. The tests are
those of `tests.blackbox` and `tests.deployed`.
"""

import contextlib
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import boto3
import requests
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.bootstrap import parts
from deploy import stacks
from deploy.deploy import app_stack, artefacts, deploy_app, deploy_data
from deploy.destroy import destroy
from deploy.package import Failed
from local import listening, stage
from tests.deployed import operating

NAME = "prod"
#: Short times: a window takes several runs, and the lease of a killed worker ends soon. The bounds
#: for strangers are those of a laptop, because all tests come from one address.
SETTINGS = {
    "SYNC_SECONDS": "25",
    "OPEN_HOLD_SECONDS": "20",
    "OPEN_TASKS": "10000",
    "OPEN_TASKS_PER_SOURCE": "10000",
    "SEGMENT_SECONDS": "6",
    "LEASE_SECONDS": "8",
    "HEARTBEAT_SECONDS": "2",
    "SWEEP_SECONDS": "3",
}
#: Seconds that the emulator may take to start and to end, and that pytest may take.
_START, _END, _TESTS = 60, 15, 300


def free_port() -> int:
    """Give a port that nobody listens on. Raises Failed if there is none."""
    for port in range(24_566, 24_666):
        with contextlib.suppress(listening.Refused):
            listening.bind(port, "emulator").close()
            return port
    raise Failed("The emulator needs a port from 24566 to 24665.")


@contextlib.contextmanager
def emulator(log: Path) -> Iterator[str]:
    """Run MiniStack on a free port while the context lasts; give its URL."""
    port = free_port()
    environ = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    environ |= {"BIND_HOST": stage.LOOPBACK, "GATEWAY_PORT": str(port), "HOME": str(log.parent)}
    # With AUTH it obeys policies: of the functions' roles, and of the API.
    environ |= {"TMPDIR": str(log.parent), "AUTH": "true"}
    command = [str(stage.PROJECT / ".emulator" / "bin" / "ministack")]
    url = f"http://{stage.LOOPBACK}:{port}"
    with log.open("wb") as out:
        process = subprocess.Popen(
            command,
            cwd=log.parent,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    try:
        _await(process, url)
        yield url
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_END)
        # Its functions are processes in its session, and must end too.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _await(process: "subprocess.Popen[bytes]", url: str) -> None:
    deadline = time.monotonic() + _START
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(requests.RequestException):
            requests.get(f"{url}/_ministack/health", timeout=5).raise_for_status()
            return
        time.sleep(0.2)
    raise Failed("The emulator does not answer.")


def use(url: str) -> None:
    """Let this process and its children reach the emulator, and nothing else."""
    for key in [key for key in os.environ if key.startswith("AWS_")]:
        del os.environ[key]
    os.environ |= {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "STAGE": NAME,
    }
    parts.reset()


def deploy(folder: Path, topic: str) -> str:
    """Deploy the stage twice; the second time must change nothing. Give the id of the API.

    Its alarms are sent to `topic`.
    """
    bucket = artefacts(None)
    for expected in (True, False):
        changed = deploy_data(NAME, {})
        given = {"LambdaWorker": "on", "AlarmTopic": topic}
        changed |= deploy_app(NAME, folder, given, bucket, SETTINGS, relax)
        if changed is not expected:
            raise Failed("Deploying again what is there changed it.")
    found = stacks.outputs(boto3.client("cloudformation"), app_stack(NAME))
    return found["RestAPIId"]


def relax(template: dict[str, Any]) -> None:
    """Take the throttles out of a template: here all requests of all tests come at once."""
    for setting in template["Resources"]["RestAPI"]["Properties"]["MethodSettings"]:
        setting |= {"ThrottlingRateLimit": 1000, "ThrottlingBurstLimit": 2000}


def test(url: str, api: str) -> None:
    """Run the tests of a deployed stage. Raises Failed."""
    password = secrets.token_urlsafe(12)
    parts.users.make_admin("root", password)
    environ = {
        **os.environ,
        "BASE_URL": f"{url}/api",
        "BASE_HOST": operating.host_of(api),
        "ADMIN": f"root:{password}",
    }
    command = [sys.executable, "-m", "pytest", "-o", "addopts=", "-q", "-rs"]
    command += ["tests/blackbox", "tests/deployed"]
    _run(command, environ, stage.PROJECT)


def work_from_host(url: str, api: str, folder: Path) -> None:
    """Switch the function off, and let a worker on this computer measure. Raises Failed."""
    deploy_app(NAME, folder, {"LambdaWorker": "off"}, artefacts(None), SETTINGS, relax)
    print("A worker on the host ...", flush=True)
    host = {"Host": operating.host_of(api)}
    made = requests.post(f"{url}/api/v2/iostat?count=2", headers=host, timeout=30).json()
    path = f"{url}/api/v2/task/{made['task_id']}"
    command = [sys.executable, "-m", "local.worker"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as worker:
        deadline = time.monotonic() + _START
        state = "QUEUED"
        while state in ("QUEUED", "STARTED") and time.monotonic() < deadline:
            time.sleep(0.5)
            state = requests.get(path, headers=host, timeout=30).json()["state"]
        worker.terminate()
        log = worker.communicate(timeout=_END)[1]
    if state != "SUCCESS" or made["task_id"] not in log:
        raise Failed(f"The worker on the host has left the task {state}:\n{log}")


def chalice_deploy(folder: Path) -> None:
    """Deploy a copy of the project by ``chalice deploy``, which writes into it. Raises Failed."""
    print("chalice deploy ...", flush=True)
    for name in ("app.py", "requirements.txt"):
        shutil.copy(stage.PROJECT / name, folder)
    for name in ("chalicelib", ".chalice"):
        shutil.copytree(
            stage.PROJECT / name, folder / name, ignore=shutil.ignore_patterns("deploy*")
        )
    chalice = str(Path(sys.executable).parent / "chalice")
    _run([chalice, "deploy", "--stage", NAME], os.environ, folder)
    deployed = json.loads((folder / ".chalice" / "deployed" / f"{NAME}.json").read_text())
    made = {it["name"] for it in deployed["resources"]}
    if not {"api_handler", "rest_api", "run_iostat", "run_open_iostat", "sweep"} <= made:
        raise Failed(f"chalice deploy has made only {sorted(made)}")
    _run([chalice, "delete", "--stage", NAME], os.environ, folder)


def _run(command: list[str], environ: Mapping[str, str], folder: Path) -> None:
    try:
        subprocess.run(command, cwd=folder, env=environ, check=True, timeout=_TESTS)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as exc:
        raise Failed(f"{' '.join(command[:4])} ...: {exc}") from exc


def main() -> int:
    """Deploy, test and delete a stage; give the exit code."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        log = folder / "emulator.log"
        try:
            with emulator(log) as url:
                use(url)
                topic = operating.make_topic()
                api = deploy(folder / "dist", topic)
                test(url, api)
                operating.check_alarm(topic, NAME)
                work_from_host(url, api, folder / "dist")
                operating.check_closed(url, NAME)
                destroy(NAME, data=False)
                copy = folder / "copy"
                copy.mkdir()
                chalice_deploy(copy)
                destroy(NAME, data=True)
        except (Failed, BotoCoreError, ClientError) as failed:
            print(f"hoststat: {failed}\nThe end of the emulator's log:", file=sys.stderr)
            print(*log.read_text(errors="replace").splitlines()[-40:], sep="\n", file=sys.stderr)
            return 1
    print(f"Deployed, asked and taken down in {time.monotonic() - began:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
