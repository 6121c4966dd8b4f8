"""``python -m local.gateway``: the API of a laptop, until SIGTERM."""

import os
import signal
import sys

from chalicelib import log
from local import descriptors, listening, log_writer, stage, supervision


def serve(writer: log_writer.Writer) -> None:
    """Serve until SIGTERM; `writer` writes the log.

    Raises Refused, OSError, RuntimeError, ValueError if it cannot begin.
    """
    # First, so that this process ends with its parent while it begins, too.
    supervision.end_with_parent()
    stage.enter()
    allowed = descriptors.allow()
    # They take a second to import. SIGTERM ends this process at once until they are there.
    from chalice.cli.factory import CLIFactory  # noqa: PLC0415

    from chalicelib.bootstrap import parts  # noqa: PLC0415
    from local.gateway import server  # noqa: PLC0415
    from local.session import Session  # noqa: PLC0415

    parts.reset(session=Session())
    factory = CLIFactory(str(stage.PROJECT))
    config = factory.create_config_obj(chalice_stage_name=stage.LOCAL)
    serving = server.of_app(factory.load_chalice_app(), config, allowed)
    log.configure(log_writer.Handler(writer))
    server.log_faults()
    with listening.bind(stage.port(os.environ), "gateway") as listener:
        for number in (signal.SIGTERM, signal.SIGINT):
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, lambda *_: setattr(serving, "should_exit", True))
        serving.run(sockets=[listener])


def main() -> None:
    """Serve, and end without waiting for threads that hold answers."""
    try:
        writer = log_writer.begin()
        serve(writer)
    except listening.Refused as refused:
        sys.exit(f"hoststat: {refused}")
    except (OSError, RuntimeError, ValueError) as exc:
        sys.exit(f"hoststat: The gateway cannot begin: {exc}")
    writer.drain()
    os._exit(0)


if __name__ == "__main__":
    main()
