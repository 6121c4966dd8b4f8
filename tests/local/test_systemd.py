"""What systemd is told, heard at a socket like its own."""

import configparser
import contextlib
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from local import stage
from local.systemd import Systemd
from tests.support import processes as services

#: The unit that is installed on hosts.
UNIT = stage.PROJECT / "deploy" / "hoststat-agent.service"


class Manager:
    """The end of the socket that is systemd's."""

    def __init__(self, address: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(address)
        self._socket.setblocking(False)

    def heard(self) -> list[list[str]]:
        """Give the lines of each message that has come since the last time."""
        messages = []
        with contextlib.suppress(BlockingIOError):
            while True:
                messages.append(self._socket.recv(4096).decode().split("\n"))
        return messages

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def address(tmp_path: Path) -> str:
    return str(tmp_path / "notify")


@pytest.fixture
def manager(address: str) -> Iterator[Manager]:
    made = Manager(address)
    yield made
    made.close()


def test_it_is_ready_the_first_time_and_feeds_the_watchdog_each_time(
    manager: Manager, address: str
) -> None:
    systemd = Systemd(address)
    assert manager.heard() == []
    systemd.works("no window")
    systemd.works("2 windows")
    systemd.stops()
    assert manager.heard() == [
        ["READY=1", "WATCHDOG=1", "STATUS=no window"],
        ["WATCHDOG=1", "STATUS=2 windows"],
        ["STOPPING=1", "STATUS=Hands its windows over."],
    ]


def test_an_address_that_is_no_file_is_told_as_well(tmp_path: Path) -> None:
    manager = Manager(f"\0{tmp_path}")
    Systemd(f"@{tmp_path}").works("no window")
    assert manager.heard() == [["READY=1", "WATCHDOG=1", "STATUS=no window"]]
    manager.close()


def test_a_manager_that_does_not_hear_is_told_that_it_is_ready_later(
    address: str, logged: list[tuple[str, dict[str, object]]]
) -> None:
    systemd = Systemd(address)
    systemd.works("no window")
    assert [event for event, _ in logged] == ["systemd not told"]
    manager = Manager(address)
    systemd.works("no window")
    assert manager.heard() == [["READY=1", "WATCHDOG=1", "STATUS=no window"]]
    manager.close()


def test_of_threads_that_work_at_once_one_says_that_it_is_ready(
    manager: Manager, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    systemd, together, tell = Systemd(address), threading.Barrier(2), Systemd._tell

    def late(telling: Systemd, *lines: str) -> bool:
        # The other thread has its chance.
        with contextlib.suppress(threading.BrokenBarrierError):
            together.wait(0.2)
        return tell(telling, *lines)

    monkeypatch.setattr(Systemd, "_tell", late)
    threads = [threading.Thread(target=systemd.works, args=["no window"]) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [message[0] for message in manager.heard()] == ["READY=1", "WATCHDOG=1"]


def test_without_systemd_nobody_is_told(logged: list[tuple[str, dict[str, object]]]) -> None:
    systemd = Systemd("")
    systemd.works("no window")
    systemd.stops()
    assert logged == []


def test_a_worker_is_ready_after_a_poll_that_worked_and_says_when_it_stops(
    manager: Manager, address: str
) -> None:
    port, heard = services.free_port(), list[list[str]]()

    def hears(*said: str) -> bool:
        heard.extend(manager.heard())
        return [*said] in heard

    service, worker = ([sys.executable, "-m", f"local.{it}"] for it in ("launch", "worker"))
    with services.process(*service, PORT=str(port), WORKER="0"):
        assert services.until(lambda: services.answers(f"http://127.0.0.1:{port}"))
        with services.process(*worker, PORT=str(port), NOTIFY_SOCKET=address) as working:
            none = "STATUS=Windows measured now: 0."
            assert services.until(lambda: hears("READY=1", "WATCHDOG=1", none))
            assert services.until(lambda: hears("WATCHDOG=1", none))
            working.send_signal(signal.SIGTERM)
            stops = ["STOPPING=1", "STATUS=Hands its windows over."]
            assert services.until(lambda: hears(*stops))
            assert working.wait(services.DEADLINE) == 0
    assert [it for it in heard if it[0] != "WATCHDOG=1"] == [["READY=1", "WATCHDOG=1", none], stops]


class TestUnit:
    """The unit says what the agent does."""

    @pytest.fixture
    def service(self) -> configparser.SectionProxy:
        unit = configparser.ConfigParser(strict=False, interpolation=None)
        unit.optionxform = str  # type: ignore[method-assign,assignment]
        unit.read(UNIT)
        return unit["Service"]

    def test_it_waits_for_ready_and_watches(self, service: configparser.SectionProxy) -> None:
        assert service["Type"] == "notify"
        # Three long polls, each with its retries, fit in.
        assert int(service["WatchdogSec"]) >= 120

    def test_a_name_that_is_gone_is_no_reason_to_start_again(
        self, service: configparser.SectionProxy
    ) -> None:
        assert (service["Restart"], service["RestartPreventExitStatus"]) == ("always", "78")

    def test_it_may_write_nowhere_and_gain_nothing(
        self, service: configparser.SectionProxy
    ) -> None:
        wanted = {
            "CapabilityBoundingSet": "",
            "DynamicUser": "yes",
            "NoNewPrivileges": "yes",
            "ProtectHome": "yes",
            "ProtectSystem": "strict",
        }
        assert {name: service[name] for name in wanted} == wanted

    def test_it_can_see_what_it_measures(self, service: configparser.SectionProxy) -> None:
        assert "ProcSubset" not in service
