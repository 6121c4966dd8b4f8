"""``make service``: starts the local cloud, the API and a worker, and ends them together."""

import contextlib
import errno
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import NamedTuple, NoReturn, Self

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib import errors
from chalicelib.bootstrap import parts
from chalicelib.settings import Settings
from local import cloud, listening, profile, stage, supervision

#: Seconds that a child may take until it answers.
_START_SECONDS = 30
#: Seconds that a child may take to end before it is killed. A worker hands its windows over.
_END_SECONDS = {"worker": 6.0, "gateway": 1.5, "cloud": 1.5}
_LOOK_SECONDS = 0.1


class Broken(Exception):
    """The service cannot go on; the message says why."""


class Stopped(BaseException):
    """Somebody ended the service. No `except Exception` on the way may stop it."""


class Child:
    """One process of the service."""

    def __init__(self, name: str) -> None:
        self.name = name
        command = [sys.executable, "-m", f"local.{name}", supervision.LIFELINE]
        # Ctrl-C reaches every process of a terminal. Only the launcher may act on it, and a
        # child inherits what it ignores.
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            self._process = subprocess.Popen(command, cwd=stage.PROJECT, stdin=subprocess.PIPE)
        finally:
            signal.signal(signal.SIGINT, before)

    @property
    def code(self) -> int | None:
        """The exit code of the process, less than 0 for a signal; None while it runs."""
        return self._process.poll()

    def end(self) -> None:
        """End the process, and wait for that."""
        self._process.terminate()
        try:
            self._process.wait(_END_SECONDS[self.name])
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class Children:
    """The processes of the service on one port, ended together."""

    def __init__(self, api_port: int) -> None:
        self._ports = {"cloud": stage.cloud_port(api_port), "gateway": api_port}
        self._started: list[Child] = []

    def __enter__(self) -> Self:
        for name, port in self._ports.items():
            # Each child takes its own, but it could not say so before everything has to end.
            listening.bind(port, name).close()
        return self

    def start(self, name: str) -> None:
        """Start a child and wait until it answers. Raises Broken if it does not."""
        self._started.append(Child(name))
        deadline = time.monotonic() + _START_SECONDS
        port = self._ports.get(name)
        while port and not listening.answers(port):
            self.watch()
            if time.monotonic() > deadline:
                raise Broken(f"The {name} does not answer.")
        self.watch()

    def watch(self) -> None:
        """Wait a moment. Raises Broken if a child has ended by itself."""
        time.sleep(_LOOK_SECONDS)
        for child in self._started:
            if (code := child.code) is not None:
                raise Broken(how_it_ended(child.name, code))

    def __exit__(self, *_: object) -> None:
        for number in supervision.ENDING:
            # They are being ended already: another signal must not interrupt that.
            signal.signal(number, signal.SIG_IGN)
        # Worker, API, cloud: nobody outlives what it needs.
        for child in reversed(self._started):
            child.end()


def how_it_ended(name: str, code: int) -> str:
    """Say how a child ended by itself, and what to do; `code` is less than 0 for a signal."""
    # Most real-time signals have no name.
    names = {it.value: it.name for it in signal.Signals}
    how = f"signal {names.get(-code, -code)}" if code < 0 else f"exit code {code}"
    why = (
        "Somebody killed it, or the system did for lack of memory: see `dmesg`."
        if code == -signal.SIGKILL
        else "Its last lines in the log say why."
    )
    return (
        f"The {name} ended by itself ({how}), and so does everything. {why} "
        "Then start the service again."
    )


@contextlib.contextmanager
def alone_on(api_port: int) -> Iterator[None]:
    """Keep other launchers away from a port for as long as the context lasts.

    Two that start at the same moment find their ports free, and one would use the other's cloud.
    The UDP port of the same number is the lock: hardly anybody else takes that one. Unlike a file
    it is the same for every user and every TMPDIR, and it is free again whatever ends this process.
    Raises Broken, Refused.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as lock:
        try:
            lock.bind((stage.LOOPBACK, api_port))
        except OSError as taken:
            if taken.errno != errno.EADDRINUSE:
                raise listening.Refused(listening.why(taken, api_port, "gateway")) from taken
            said = f"A service starts or runs on port {api_port} already; choose another PORT."
            raise Broken(said) from taken
        yield


class FirstAdmin(NamedTuple):
    """The admin of a laptop's service; "" for what is not known, or need not be told."""

    username: str = ""
    password: str = ""
    #: What the user must be told.
    told: str = ""


def make_first_admin(given: str) -> FirstAdmin:
    """Make the admin in ``ADMIN``, or one with a random password if there is no admin yet.

    Raises Broken, Invalid, Outage.
    """
    username, colon, password = given.partition(":")
    if given and not colon:
        raise Broken("ADMIN must be name:password.")
    if given:
        parts.users.make_admin(username, password)
        return FirstAdmin(username, password)
    if parts.users.has_admin():
        return FirstAdmin()
    password = secrets.token_urlsafe(12)
    parts.users.make_admin("admin", password)
    kept = "kept with the data" if os.environ.get("DATA") else "made for this run"
    return FirstAdmin("admin", password, f"v3 knows one user, {kept}: admin:{password}")


def run(api_port: int, given_admin: str) -> NoReturn:
    """Start every child and watch them. Raises Stopped, Broken, Refused, Invalid."""
    with alone_on(api_port), Children(api_port) as children:
        children.start("cloud")
        cloud.make_resources()
        parts.hosts.make_queues()
        admin = make_first_admin(given_admin)
        url = f"http://{stage.LOOPBACK}:{api_port}"
        # Whoever sees that the service answers finds its profile.
        with profile.kept(url, admin.username, admin.password) as other:
            children.start("gateway")
            if os.environ.get("WORKER") != "0":
                children.start("worker")
            if admin.told:
                print(admin.told, flush=True)
            if other:
                print(f"hoststat, the command, asks {url} now, not {other.url}", flush=True)
            print(f"hoststat serves on {url}, Ctrl-C ends it", flush=True)
            while True:
                children.watch()


def _stop(*_: object) -> NoReturn:
    raise Stopped


def main() -> int:
    """Serve until somebody ends it or a child breaks; give the exit code."""
    try:
        for number in supervision.ENDING:
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, _stop)
        supervision.end_with_make()
        # No child needs to know it.
        given_admin = os.environ.pop("ADMIN", "")
        stage.enter()
        if os.environ["STAGE"] != stage.LOCAL:
            raise Broken(f"A laptop runs the stage {stage.LOCAL}; unset STAGE.")
        Settings.from_env(os.environ)
        if folder := os.environ.get("DATA"):
            os.environ["DATA"] = os.path.abspath(folder)
        run(stage.port(os.environ), given_admin)
    except Stopped:
        return 0
    except (
        Broken,
        listening.Refused,
        BotoCoreError,
        ClientError,
        OSError,
        RuntimeError,
        ValueError,
        errors.HoststatError,
    ) as broken:
        print(f"hoststat: {broken}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
