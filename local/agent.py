"""The agent: the worker as one file, with everything that it needs except Python.

``make agent`` writes it, see `local.archive`. botocore looks for its data and for the certificates
of authorities in folders, and the agent has none. So they are read out of the archive here.
"""

import gzip
import json
import os
import platform
import sys
import zipfile
from typing import Any

import botocore.session
from botocore.exceptions import DataNotFoundError
from botocore.loaders import Loader

from chalicelib.version import VERSION
from local import stage, worker

_DATA = "botocore/data/"
_USAGE = """\
Usage: HOST=name STAGE=prod python3 hoststat-agent.pyz

The worker of the host `name`, which an admin has added. It takes no arguments: its settings are
variables of the environment. It works until SIGTERM or Ctrl-C."""


class ArchivedData(Loader):  # type: ignore[misc]
    """botocore's descriptions of services, read out of the archive that botocore is in."""

    def __init__(self, names: list[str]) -> None:
        """`names` are the files that the archive has of it, such as ``sqs/2012-11-05/…``."""
        super().__init__(include_default_search_paths=False)
        self._names = names

    def list_available_services(self, type_name: str) -> list[str]:
        """Give the services of which there is a description of that type."""
        return sorted({it.split("/")[0] for it in self._names if f"/{type_name}." in it})

    def list_api_versions(self, service_name: str, type_name: str) -> list[str]:
        """Give the versions of such a description."""
        found = [it.split("/") for it in self._names if f"/{type_name}." in it]
        return sorted(version for service, version, _ in found if service == service_name)

    def load_data_with_path(self, name: str) -> tuple[Any, str]:
        """Give a description, and its path. Raises DataNotFoundError."""
        for suffix, read in ((".json", bytes), (".json.gz", gzip.decompress)):
            if name + suffix in self._names:
                path = f"{_DATA}{name}{suffix}"
                return json.loads(read(stage.content(path))), path
        raise DataNotFoundError(data_path=name)


def session() -> Any:
    """Make a session of botocore that reads out of the archive."""
    with zipfile.ZipFile(stage.PROJECT) as archive:
        names = [it.removeprefix(_DATA) for it in archive.namelist() if it.startswith(_DATA)]
    made = botocore.session.get_session()
    made.register_component("data_loader", ArchivedData(names))
    if made.get_config_variable("ca_bundle") is None:
        made.set_config_variable("ca_bundle", _certificates())
    return made


def _certificates() -> str:
    """Give a path of the certificates of botocore: that of a file in memory, which OpenSSL reads.

    Nothing is written anywhere, and nothing is left behind. From Linux's memfd_create(2).
    """
    descriptor = os.memfd_create("cacert.pem")
    with open(descriptor, "wb", closefd=False) as memory:
        memory.write(stage.content("botocore/cacert.pem"))
    return f"/proc/self/fd/{descriptor}"


def main() -> int:
    """Say what this is and what it needs, and work; give the exit code.

    With arguments it says how it is started, and does not work.
    """
    if sys.argv[1:]:
        print(_USAGE)
        return 0 if sys.argv[1:] == ["--help"] else 2
    python = platform.python_version()
    print(f"hoststat agent {VERSION}; needs Python 3.11 or newer, this is {python}", flush=True)
    return worker.main(session())


if __name__ == "__main__":
    sys.exit(main())
