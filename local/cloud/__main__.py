"""``python -m local.cloud``: the process of the local cloud."""

import gc
import logging
import os
import signal
import socket
import sys
import warnings
from pathlib import Path
from typing import NoReturn

from chalicelib import log
from local import descriptors, listening, log_writer, stage, supervision


def hear_signals() -> None:
    """End at once on a signal. What was answered is durable, so there is nothing to finish."""
    for number in (signal.SIGTERM, signal.SIGINT):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, lambda *_: os._exit(0))


def give_up(sentence: str) -> NoReturn:
    """Say why this cannot go on, and end."""
    # Not by the log's thread, which ends with this process.
    print(f"hoststat: {sentence}", file=sys.__stderr__, flush=True)
    os._exit(1)


def serve(taken: socket.socket, folder: str) -> None:
    """Serve for ever; keep the tables in `folder` unless it is "". Raises OSError, ValueError."""
    # moto takes seconds to import. Signals are heard already.
    from local.cloud import journal, recorder, server  # noqa: PLC0415

    try:
        keeper = recorder.Recorder(journal.Journal(Path(folder)), give_up) if folder else None
    except journal.Refused as refused:
        raise ValueError(str(refused)) from refused
    # moto says of each resource that it does not make that it does not: alarms, here.
    warnings.filterwarnings("ignore", "Tried to parse")
    logging.getLogger("moto").setLevel(logging.ERROR)
    # The collector would look through moto's 170,000 objects again and again, for 150 ms, while
    # everybody waits.
    gc.freeze()
    server.server(server.Cloud(keeper)).run(sockets=[taken])


def begin() -> None:
    """Serve for ever. Raises ValueError if that cannot begin; its text says why."""
    port = stage.cloud_port(stage.port(os.environ))
    try:
        supervision.end_with_parent()
        log.configure(log_writer.Handler(log_writer.begin()))
        stage.enter()
        descriptors.allow()
        serve(listening.bind(port, "cloud"), os.environ.get("DATA", ""))
    except listening.Refused as refused:
        raise ValueError(str(refused)) from refused
    except (OSError, RuntimeError) as broken:
        raise ValueError(f"The cloud cannot begin: {broken}") from broken


def main() -> None:
    """Serve until a signal, or until the parent has ended."""
    hear_signals()
    try:
        begin()
    except ValueError as broken:
        give_up(str(broken))


if __name__ == "__main__":
    main()
