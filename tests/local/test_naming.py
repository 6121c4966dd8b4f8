"""Which host a worker is, and which machine it runs on."""

from pathlib import Path

import pytest

from chalicelib.hosts import model
from local import naming, supervision
from local.naming import Name


@pytest.mark.parametrize(
    ("node", "name"),
    [
        ("web-1", "web-1"),
        ("web-1.example.com", "web-1"),
        ("Jane's MacBook", "jane-s-macbook"),
        ("10", "host-10"),
        ("_", "host"),
        ("-a-", "a"),
        ("a" * 40, "a" * 32),
        ("a" * 31 + "-b", "a" * 31),
        ("", "host"),
    ],
)
def test_a_laptop_is_named_after_the_machine(node: str, name: str) -> None:
    assert naming.of_machine(node) == name
    assert model.is_name(name)


def test_a_worker_has_the_name_that_it_is_given() -> None:
    assert naming.name_of({"HOST": "db-1"}, "web-1") == Name("db-1", shares=False)
    assert naming.name_of({}, "web-1") == Name(None, shares=True)


def test_the_worker_of_a_service_is_a_host_and_works_for_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sys.argv", ["worker", supervision.LIFELINE])
    assert naming.name_of({}, "web-1.example.com") == Name("web-1", shares=True)
    assert naming.name_of({"HOST": "db-1"}, "web-1") == Name("db-1", shares=True)


def test_a_name_that_cannot_be_one_is_refused() -> None:
    with pytest.raises(ValueError, match=r"HOST must be 1 to 32 of a-z 0-9 -, .*, not 'WEB'"):
        naming.name_of({"HOST": "WEB"}, "web-1")


class Machine:
    """The files of a machine that tell it from others."""

    def __init__(self, root: Path, **files: str) -> None:
        self.root = root
        given = {"etc/machine-id": "m1", "proc/sys/kernel/random/boot_id": "b1", **files}
        for name, text in given.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def session(self, node: str = "web-1") -> str:
        return naming.session({}, node, self.root)


def test_a_session_stays_until_the_machine_starts_anew(tmp_path: Path) -> None:
    first = Machine(tmp_path / "1").session()
    assert Machine(tmp_path / "1").session() == first
    others = [
        Machine(tmp_path / "2", **{"proc/sys/kernel/random/boot_id": "b2"}).session(),
        Machine(tmp_path / "3", **{"etc/machine-id": "m2"}).session(),
    ]
    assert len({first, *others}) == 3


def test_containers_of_one_machine_differ(tmp_path: Path) -> None:
    def container(number: int, line: str) -> str:
        return Machine(tmp_path / str(number), **{"proc/self/mountinfo": line}).session()

    docker = "1 2 8:1 /var/lib/docker/containers/{}/hostname /etc/hostname rw\n"
    pod = "1 2 8:1 /var/lib/kubelet/pods/{}/etc-hosts /etc/hosts rw\n"
    uid = "0f3f4f6f-52f4-4d0e-8a57-9b0f7c1e2c55"
    found = [
        container(1, ""),
        container(2, docker.format("a" * 64)),
        container(3, docker.format("b" * 64)),
        container(4, pod.format(uid)),
    ]
    assert len(set(found)) == 4
    assert container(5, docker.format("a" * 64)) == found[1]


def test_a_machine_without_these_files_has_a_session(tmp_path: Path) -> None:
    assert naming.session({}, "mac", tmp_path) != naming.session({}, "other", tmp_path)
    assert naming.session({"HOST_SESSION": "faked"}, "mac", tmp_path) == "faked"
