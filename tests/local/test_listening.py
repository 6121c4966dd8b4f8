"""A port that cannot be had: the sentence says why, and what to do."""

import errno
import os
import socket

import pytest

from local import launch, listening, stage


def test_a_port_that_is_taken() -> None:
    with socket.create_server((stage.LOOPBACK, 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(listening.Refused) as refused:
            listening.bind(port, "gateway")
    assert str(refused.value) == f"Port {port}, for the gateway, is taken; choose another PORT."


def test_a_machine_without_a_loopback_of_ipv4(monkeypatch: pytest.MonkeyPatch) -> None:
    # An address of documentation: no machine has it, as some do not have 127.0.0.1.
    monkeypatch.setattr(stage, "LOOPBACK", "192.0.2.1")
    said = (
        "This machine cannot reach itself at 192.0.2.1; switch its loopback interface on, "
        "with IPv4."
    )
    with pytest.raises(listening.Refused) as refused:
        listening.bind(8000, "gateway")
    assert str(refused.value) == said
    with pytest.raises(listening.Refused) as refused, launch.Children(8000):
        raise AssertionError("no child may start")
    assert str(refused.value) == said


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.EACCES, "Port 80, for the cloud, is not for you; choose a PORT from 1024 on."),
        (errno.EPERM, "Port 80, for the cloud, is not for you; choose a PORT from 1024 on."),
        (errno.ENOBUFS, "Port 80, for the cloud, cannot be had: No buffer space available."),
    ],
)
def test_other_reasons_are_not_called_taken(number: int, said: str) -> None:
    assert listening.why(OSError(number, os.strerror(number)), 80, "cloud") == said
