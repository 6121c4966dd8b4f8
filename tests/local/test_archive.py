"""The agent: the worker as one file, which needs Python and nothing else."""

import hashlib
import ssl
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from botocore.exceptions import DataNotFoundError

from chalicelib.aws import client
from chalicelib.bootstrap import parts
from local import agent, archive, stage


@pytest.fixture(scope="module")
def pyz(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("agent") / "dist" / "hoststat-agent.pyz"
    archive.write(path)
    return path


@pytest.fixture
def inside(pyz: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make this process believe that it is the agent."""
    monkeypatch.setattr(stage, "PROJECT", pyz)


def test_it_is_small_and_always_the_same_and_may_be_run(pyz: Path, tmp_path: Path) -> None:
    archive.write(tmp_path / "again.pyz")
    both = [hashlib.sha256(it.read_bytes()).hexdigest() for it in (pyz, tmp_path / "again.pyz")]
    assert both[0] == both[1]
    assert pyz.stat().st_size < 2_000_000
    assert pyz.stat().st_mode & 0o777 == 0o755


def test_nothing_in_it_was_compiled_and_the_licences_are_there(pyz: Path) -> None:
    names = zipfile.ZipFile(pyz).namelist()
    assert [it for it in names if it.endswith((".so", ".pyc", ".pyd"))] == []
    licences = {it.partition("-")[0] for it in names if "/LICENSE" in it}
    assert licences == {"botocore", "jmespath", "python_dateutil", "six", "urllib3"}


def test_it_has_nothing_of_the_api_of_users_or_of_a_laptops_cloud(pyz: Path) -> None:
    ours = {
        name.rpartition("/")[0]
        for name in zipfile.ZipFile(pyz).namelist()
        if name.startswith(("chalicelib/", "local/"))
    }
    assert {"chalicelib/aws", "chalicelib/tasks", "chalicelib/measure", "local"} <= ours
    assert not ours & {"chalicelib/api", "chalicelib/users", "local/cloud", "local/gateway"}


@pytest.mark.parametrize("version", [(3, 9), (3, 10)])
def test_an_older_python_says_in_one_line_what_is_needed(
    pyz: Path, version: tuple[int, int]
) -> None:
    with zipfile.ZipFile(pyz) as zipped:
        main = zipped.read("__main__.py").decode()
    script = f"import sys; sys.version_info = {version}; exec(sys.argv[1])"
    done = subprocess.run(
        [sys.executable, "-c", script, main], capture_output=True, text=True, check=False
    )
    said = f"The hoststat agent needs Python 3.11 or newer, and this is Python 3.{version[1]}.\n"
    assert (done.returncode, done.stderr) == (1, said)


@pytest.mark.parametrize(("argument", "code"), [("--help", 0), ("web-1", 2)])
def test_with_an_argument_it_says_how_it_is_started(pyz: Path, argument: str, code: int) -> None:
    done = subprocess.run(
        [sys.executable, str(pyz), argument], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (code, "")
    assert done.stdout.startswith("Usage: HOST=name STAGE=prod python3 hoststat-agent.pyz\n")


@pytest.mark.parametrize(
    ("region", "said"),
    [
        ("us-gov-nowhere-1", "There are no AWS credentials. Set them, or leave STAGE out."),
        ("", "Say which region: add AWS_DEFAULT_REGION=eu-central-1, or whichever is yours."),
    ],
)
def test_it_begins_where_there_is_nothing_but_python_and_says_what_is_missing(
    pyz: Path, tmp_path: Path, region: str, said: str
) -> None:
    environ = {"PATH": "", "STAGE": "prod", "AWS_EC2_METADATA_DISABLED": "true"}
    environ |= {"HOME": str(tmp_path)} | ({"AWS_DEFAULT_REGION": region} if region else {})
    command = [sys.executable, "-I", "-S", str(pyz)]
    done = subprocess.run(
        command, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False
    )
    assert done.stdout.startswith("hoststat agent ")
    assert "needs Python 3.11 or newer" in done.stdout.splitlines()[0]
    assert (done.returncode, done.stderr) == (1, f"hoststat: {said}\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("inside")
class TestSession:
    """What botocore reads out of the archive."""

    @pytest.mark.parametrize("service", ["dynamodb", "sqs", "sts"])
    def test_it_makes_clients(self, service: str) -> None:
        made = client.client(agent.session(), service)
        assert made.meta.service_model.service_name == service

    def test_it_knows_no_other_service(self) -> None:
        data = agent.session().get_component("data_loader")
        assert data.list_available_services("service-2") == ["dynamodb", "sqs", "sts"]
        with pytest.raises(DataNotFoundError):
            data.load_data("ec2/2016-11-15/service-2")

    def test_it_brings_the_certificates(self) -> None:
        bundle = agent.session().get_config_variable("ca_bundle")
        assert len(ssl.create_default_context(cafile=bundle).get_ca_certs()) > 50

    def test_certificates_that_somebody_names_stay(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AWS_CA_BUNDLE", "/etc/ours.pem")
        assert agent.session().get_config_variable("ca_bundle") == "/etc/ours.pem"

    def test_the_stages_are_those_that_it_was_made_with(self, pyz: Path) -> None:
        assert set(stage.all_stages()) == {"dev", "prod"}
        parts.reset(session=agent.session())
        assert parts.dynamodb.meta.region_name == "us-gov-nowhere-1"
