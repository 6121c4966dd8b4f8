"""``make service``: the local cloud, a worker and the API, begun and ended together."""

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from typing import NoReturn, Self

from chalicelib import errors
from chalicelib.bootstrap import parts
from chalicelib.settings import Settings
from local import cloud, lifeline, stage

#: Seconds that a child may take to answer, and to end.
_START_SECONDS, _END_SECONDS = 30, 6
_LOOK_SECONDS = 0.1


class Child:
    """One process of the service."""

    def __init__(self, name: str) -> None:
        self.name = name
        command = [sys.executable, "-m", f"local.{name}", lifeline.FLAG]
        # Ctrl-C reaches every process of the terminal: only this one may hear it.
        heard = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            self._process = subprocess.Popen(command, cwd=stage.PROJECT, stdin=subprocess.PIPE)
        finally:
            signal.signal(signal.SIGINT, heard)

    @property
    def ended(self) -> bool:
        """Whether it is over."""
        return self._process.poll() is not None

    def end(self) -> None:
        """End it, and wait for that."""
        self._process.terminate()
        try:
            self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class Flag:
    """Whether to stop. A signal may come at any time: nothing that locks is safe to set then."""

    up = False


class Broken(Exception):
    """The service cannot go on; the message says why."""


class Stopped(Exception):
    """Somebody ended the service."""


def free(port: int) -> bool:
    """Whether nobody listens on that port of the loopback interface."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((stage.LOOPBACK, port))
        except OSError:
            return False
    return True


def answers(port: int) -> bool:
    """Whether somebody listens there."""
    with socket.socket() as probe:
        return probe.connect_ex((stage.LOOPBACK, port)) == 0


class Children:
    """The processes of the service on one port, ended together."""

    def __init__(self, api_port: int, stop: Flag) -> None:
        self._ports = {"cloud": stage.cloud_port(api_port), "gateway": api_port}
        self._stop = stop
        self._begun: list[Child] = []

    def __enter__(self) -> Self:
        for name, port in self._ports.items():
            if not free(port):
                raise Broken(f"Port {port}, for the {name}, is taken; choose another PORT.")
        return self

    def begin(self, name: str) -> None:
        """Start a child and wait until it answers. Raises Broken where it does not."""
        self._begun.append(Child(name))
        deadline = time.monotonic() + _START_SECONDS
        port = self._ports.get(name)
        while port and not answers(port):
            self.watch()
            if time.monotonic() > deadline:
                raise Broken(f"The {name} does not answer.")

    def watch(self) -> None:
        """Wait a moment. Raises Broken where a child has ended by itself, or when told to stop."""
        time.sleep(_LOOK_SECONDS)
        if self._stop.up:
            raise Stopped
        for child in self._begun:
            if child.ended:
                raise Broken(f"The {child.name} ended by itself, and so does everything.")

    def __exit__(self, *_: object) -> None:
        # Worker, API, cloud: nobody outlives what it needs.
        for child in reversed(self._begun):
            child.end()


def first_admin(given: str) -> tuple[str, str]:
    """The name and the password in ``ADMIN``, or an admin with a password that nobody knows yet."""
    username, colon, password = given.partition(":")
    if given and not colon:
        raise Broken("ADMIN must be name:password.")
    return (username, password) if given else ("admin", secrets.token_urlsafe(12))


def run(api_port: int, stop: Flag, given_admin: str) -> NoReturn:
    """Start every child and watch them. Raises Stopped, Broken, Invalid."""
    username, password = first_admin(given_admin)
    with Children(api_port, stop) as children:
        children.begin("cloud")
        cloud.make_resources()
        parts.users.make_admin(username, password)
        children.begin("gateway")
        if os.environ.get("WORKER") != "0":
            children.begin("worker")
        url = f"http://{stage.LOOPBACK}:{api_port}"
        if not given_admin:
            print(f"v3 knows one user, made for this run: {username}:{password}", flush=True)
        print(f"hoststat serves on {url}, Ctrl-C ends it", flush=True)
        while True:
            children.watch()


def main() -> int:
    """Serve until SIGINT, SIGTERM or SIGHUP, or until a child breaks; give the exit code."""
    stop = Flag()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: setattr(stop, "up", True))
    try:
        # No child needs to know it.
        given_admin = os.environ.pop("ADMIN", "")
        stage.enter()
        if os.environ["STAGE"] != stage.LOCAL:
            raise Broken(f"A laptop runs the stage {stage.LOCAL}; unset STAGE.")
        Settings.from_env(os.environ)
        run(stage.port(os.environ), stop, given_admin)
    except Stopped:
        return 0
    except (Broken, ValueError, errors.Invalid, errors.Outage) as broken:
        print(f"hoststat: {broken}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
