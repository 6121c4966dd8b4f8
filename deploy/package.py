"""``make package``: writes what is deployed, a template and a small zip."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from local import stage
from local.install import is_used

#: The queue ``hoststat-STAGE-host-tasks`` belongs to the host "tasks" of STAGE.
_AMBIGUOUS = re.compile("-host(-|$)")
#: The newest glibc 2.x of Lambda's Python, for which Chalice takes packages.
_GLIBC = 34 if sys.version_info >= (3, 12) else 26
#: The time of every file in the zip, so that the same files always give the same zip.
_TIME = (1980, 1, 1, 0, 0, 0)


class Failed(Exception):
    """A stage cannot be deployed; the message says why."""


def package(name: str, folder: Path) -> Path:
    """Write the template and the zip of a stage into `folder`, and give the template's path.

    Raises Failed, also for a stage that cannot be deployed.
    """
    check(name)
    command = [str(Path(sys.executable).parent / "chalice"), "package", "--stage", name]
    command += ["--merge-template", ".chalice/overrides.json", str(folder)]
    # Chalice needs a region. Its template is the same for all regions.
    environ = {"AWS_DEFAULT_REGION": "us-east-1", **os.environ}
    with tempfile.TemporaryDirectory() as fetched:
        fetch(stage.PROJECT / "requirements.txt", Path(fetched))
        # Chalice asks again, without hashes, for what it has for this machine only, or as sources.
        environ |= {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": fetched}
        made = subprocess.run(
            command, cwd=stage.PROJECT, env=environ, capture_output=True, text=True, check=False
        )
    if made.returncode:
        raise Failed(f"chalice package: {made.stderr.strip()}")
    complete(folder / "deployment.zip")
    slim(folder / "deployment.zip")
    add_dashboard(folder / "sam.json")
    return folder / "sam.json"


def check(name: str) -> None:
    """Raise Failed for a stage that is not in ``.chalice/config.json``, and for the laptop's.

    Also for a name with which queues would be named like those of another stage's hosts.
    """
    if _AMBIGUOUS.search(name):
        raise Failed(
            f"The stage {name!r} must not have -host- in it: its queues would be named like those "
            "of hosts."
        )
    named = sorted(set(stage.all_stages()) - {stage.LOCAL})
    if not name:
        raise Failed(
            f"Say which stage of .chalice/config.json: add STAGE={' or STAGE='.join(named)}."
        )
    if name not in named:
        raise Failed(
            f"STAGE must be one of .chalice/config.json ({', '.join(named)}), not {name!r}"
        )


def fetch(pins: Path, folder: Path) -> None:
    """Download what `pins` names into `folder`: the packages for this machine, and for Lambda.

    Raises Failed, also if a package has none of the hashes that `pins` says.
    """
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    command += ["--require-hashes", "--dest", str(folder), "--requirement", str(pins)]
    of_lambda = ["--only-binary=:all:", "--implementation=cp"]
    of_lambda += [f"--abi=cp3{sys.version_info.minor}", "--platform=manylinux2014_x86_64"]
    of_lambda += [f"--platform=manylinux_2_{minor}_x86_64" for minor in range(17, _GLIBC + 1)]
    for options in ([], of_lambda):
        got = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
        if got.returncode:
            raise Failed(f"{pins.name} cannot be downloaded: {got.stderr.strip()}")


def complete(path: Path) -> None:
    """Raise Failed if a package of ``requirements.txt`` is missing. Chalice only prints that."""
    pins = (stage.PROJECT / "requirements.txt").read_text()
    with zipfile.ZipFile(path) as made:
        found = {name.partition("/")[0].lower() for name in made.namelist()}
    missing = [
        f"{name} {version}"
        for name, version in re.findall(r"^([\w-]+)==(\S+)", pins, re.MULTILINE)
        if f"{name.replace('-', '_')}-{version}.dist-info".lower() not in found
    ]
    if missing:
        # Else Chalice would use its incomplete zip again the next time.
        shutil.rmtree(stage.PROJECT / ".chalice" / "deployments", ignore_errors=True)
        raise Failed(f"There is no package for Lambda of {', '.join(missing)}")


def add_dashboard(path: Path) -> None:
    """Add the dashboard to a template: its body is one text, which nobody could edit in there."""
    template = json.loads(path.read_text())
    body = json.loads((stage.PROJECT / ".chalice" / "dashboard.json").read_text())
    template["Resources"]["Dashboard"] = {
        "Type": "AWS::CloudWatch::Dashboard",
        "Properties": {
            "DashboardName": {"Ref": "AWS::StackName"},
            "DashboardBody": {"Fn::Sub": json.dumps(body)},
        },
    }
    path.write_text(json.dumps(template, indent=2))


def slim(path: Path) -> None:
    """Remove from a zip what is not used in Lambda."""
    with zipfile.ZipFile(path) as full:
        kept = {name: full.read(name) for name in sorted(full.namelist()) if _is_kept(name)}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as slimmed:
        for name, content in kept.items():
            entry = zipfile.ZipInfo(name, _TIME)
            # The user that runs the function is not the one that unpacks the zip: all may read.
            entry.external_attr = 0o755 << 16
            slimmed.writestr(entry, content, zipfile.ZIP_DEFLATED)


def _is_kept(name: str) -> bool:
    """Tell whether a file stays in the zip. The list of a package's files is another each time."""
    return is_used(name) and not name.endswith(".dist-info/RECORD")


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
