"""The environment of a stage, as the processes of a laptop or a host need it."""

import json
import os
import zipfile
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

#: The folder of the project; in the agent, which is one file, that file.
PROJECT = Path(__file__).resolve().parent.parent
LOOPBACK = "127.0.0.1"
LOCAL = "dev"
#: What to do where botocore finds no region.
NO_REGION = "Say which region: add AWS_DEFAULT_REGION=eu-central-1, or whichever is yours."
DEFAULT_PORT = 8000

#: The local cloud is that far from the API: apart from the ports that systems hand out.
_CLOUD_OFFSET = 10_000


def port(environ: MutableMapping[str, str]) -> int:
    """The API's port, ``PORT`` or 8000. Raises ValueError if it is not a port."""
    raw = environ.get("PORT", str(DEFAULT_PORT))
    if not raw.isdigit() or not 1 <= int(raw) <= 65_535:
        raise ValueError(f"PORT must be a number from 1 to 65535, not {raw!r}")
    return int(raw)


def cloud_port(api_port: int) -> int:
    """The port of the local cloud that belongs to the API on `api_port`."""
    above = api_port + _CLOUD_OFFSET
    return above if above <= 65_535 else api_port - _CLOUD_OFFSET


def enter(environ: MutableMapping[str, str] = os.environ) -> None:
    """Complete the environment by the stage's own from ``.chalice/config.json``.

    What is set in the shell wins, except where it says where the cloud is: nothing that runs on a
    laptop may reach a real account by mistake, and no proxy may stand between it and its own.
    Raises ValueError for an unknown stage.
    """
    name = environ.setdefault("STAGE", LOCAL)
    if name not in all_stages():
        named = ", ".join(all_stages())
        raise ValueError(f"STAGE must be one of .chalice/config.json ({named}), not {name!r}")
    if name == LOCAL:
        for key in [key for key in environ if key.startswith("AWS_")]:
            del environ[key]
        environ["AWS_CONFIG_FILE"] = environ["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull
        at = port(environ)
        environ["AWS_ENDPOINT_URL"] = f"http://{LOOPBACK}:{cloud_port(at)}"
        if at != DEFAULT_PORT:
            hint = f"On a laptop, `make worker PORT={at}` starts one."
            environ.setdefault("NO_WORKER_HINT", hint)
        if environ.get("DATA"):
            # A folder keeps all tasks: the hint of the stage would be wrong.
            environ.setdefault("NO_TASK_HINT", "")
        for key in ("NO_PROXY", "no_proxy"):
            environ[key] = ",".join(filter(None, [environ.get(key), LOOPBACK]))
    for key, value in all_stages().get(name, {}).get("environment_variables", {}).items():
        environ.setdefault(key, value)


def all_stages() -> dict[str, Any]:
    """The stages of ``.chalice/config.json``, by name."""
    stages: dict[str, Any] = json.loads(content(".chalice/config.json"))["stages"]
    return stages


def content(name: str) -> bytes:
    """The content of a file of the project, also in the agent. Raises OSError, KeyError."""
    if PROJECT.is_file():
        with zipfile.ZipFile(PROJECT) as archive:
            return archive.read(name)
    return (PROJECT / name).read_bytes()
