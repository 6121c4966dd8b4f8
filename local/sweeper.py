"""The sweeper as a process of its own: what a schedule does in the cloud, in a loop."""

import signal
import sys
import time

from chalice.local import LambdaContext

from chalicelib import bootstrap, errors, log
from local import lifeline, stage

#: Milliseconds that one sweep may take.
_LIMIT = 60_000


def loop() -> None:
    """Sweep for ever, every SWEEP_SECONDS."""
    import app

    while True:
        time.sleep(bootstrap.settings().sweep_seconds)
        try:
            app.sweep(event(), LambdaContext("sweep", 128, _LIMIT))
        except errors.Outage as outage:
            log.event("not swept", why=str(outage))
        except Exception:
            log.failure("not swept")


def event() -> dict[str, object]:
    """The event that EventBridge makes of a schedule."""
    return {
        "version": "0",
        "id": "00000000-0000-0000-0000-000000000000",
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": "000000000000",
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "region": "us-east-1",
        "resources": [],
        "detail": {},
    }


def main() -> None:
    """Sweep until SIGTERM."""
    stage.enter()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    lifeline.hold()
    loop()


if __name__ == "__main__":
    main()
