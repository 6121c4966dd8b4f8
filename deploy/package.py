"""``make package``: what is deployed, as a template and a small zip."""

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

from local import stage

#: Of botocore's 17 MB of descriptions the two services that are asked, and what is about none.
_DATA = re.compile(r"botocore/data/(dynamodb/|sqs/|[^/]+$)")
#: What nobody imports: cffi and its parser build bindings, which come ready-made; and what Python
#: has compiled here, which is there or not, and of other times than the sources in a zip.
_UNUSED = re.compile(
    r"(botocore/data/.*/examples-.*|cffi|dateutil/zoneinfo|pycparser)(/|$)"
    r"|.*\.dist-info/RECORD$|.*/__pycache__/"
)
#: A zip of the same files is the same zip, whenever it was made.
_TIME = (1980, 1, 1, 0, 0, 0)


class Failed(Exception):
    """It cannot be deployed so; the message says why."""


def package(name: str, folder: Path) -> Path:
    """Write the template and the zip of a stage into `folder`, and give the template's path.

    Raises Failed, also for a stage that cannot be deployed.
    """
    check(name)
    command = [str(Path(sys.executable).parent / "chalice"), "package", "--stage", name]
    command += ["--merge-template", ".chalice/overrides.json", str(folder)]
    # Chalice wants to know a region, and the template is one for all of them.
    environ = {"AWS_DEFAULT_REGION": "us-east-1", **os.environ}
    made = subprocess.run(
        command, cwd=stage.PROJECT, env=environ, capture_output=True, text=True, check=False
    )
    if made.returncode:
        raise Failed(f"chalice package: {made.stderr.strip()}")
    complete(folder / "deployment.zip")
    slim(folder / "deployment.zip")
    return folder / "sam.json"


def check(name: str) -> None:
    """Raise Failed for a stage that is not in ``.chalice/config.json``, or is the laptop's."""
    named = sorted(set(stage.all_stages()) - {stage.LOCAL})
    if name not in named:
        raise Failed(
            f"STAGE must be one of .chalice/config.json ({', '.join(named)}), not {name!r}"
        )


def complete(path: Path) -> None:
    """Raise Failed for a zip that lacks something of ``requirements.txt``: Chalice only says so."""
    pins = (stage.PROJECT / "requirements.txt").read_text()
    with zipfile.ZipFile(path) as made:
        found = {name.partition("/")[0].lower() for name in made.namelist()}
    missing = [
        f"{name} {version}"
        for name, version in re.findall(r"^([\w-]+)==(\S+)", pins, re.MULTILINE)
        if f"{name.replace('-', '_')}-{version}.dist-info".lower() not in found
    ]
    if missing:
        # Or it would be taken for good the next time.
        shutil.rmtree(stage.PROJECT / ".chalice" / "deployments", ignore_errors=True)
        raise Failed(f"There is no package for Lambda of {', '.join(missing)}")


def slim(path: Path) -> None:
    """Leave out of a zip what is not used in Lambda."""
    with zipfile.ZipFile(path) as full:
        kept = {name: full.read(name) for name in sorted(full.namelist()) if is_used(name)}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as slimmed:
        for name, content in kept.items():
            entry = zipfile.ZipInfo(name, _TIME)
            # Lambda runs as another user than the one who unpacks.
            entry.external_attr = 0o755 << 16
            slimmed.writestr(entry, content, zipfile.ZIP_DEFLATED)


def is_used(name: str) -> bool:
    """Whether a file of the zip is used."""
    if name.startswith("botocore/data/") and not _DATA.match(name):
        return False
    return _UNUSED.match(name) is None


def main() -> int:
    """Package ``STAGE`` into ``dist/STAGE``; give the exit code."""
    name = os.environ.get("STAGE", "")
    folder = stage.PROJECT / "dist" / name
    try:
        check(name)
        print(f"Packaging {name} ...", flush=True)
        template = package(name, folder)
    except Failed as failed:
        print(f"hoststat: {failed}", file=sys.stderr)
        return 1
    size = (folder / "deployment.zip").stat().st_size / 1e6
    print(f"{template.relative_to(stage.PROJECT)} and a deployment.zip of {size:.1f} MB beside it")
    return 0


if __name__ == "__main__":
    sys.exit(main())
