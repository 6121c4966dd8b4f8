"""The log: one line of JSON for each event, on standard error."""

import contextlib
import contextvars
import json
import logging
import sys
import time
from collections.abc import Iterator, Mapping

#: Who does what is done at the command line. No user can have this name.
OPERATOR = "an operator"

_logger = logging.getLogger("hoststat")
#: The fields of every event that is logged now, such as the id of the request.
_about: contextvars.ContextVar[Mapping[str, object]] = contextvars.ContextVar("about")


def configure(handler: logging.Handler | None = None) -> None:
    """Send our events, and what Chalice logs for our app, to `handler`, or to standard error.

    `handler` gets records, of which `line` makes lines.
    """
    if handler is None:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(_Formatter())
    # No line says where in the code an event was logged, nor by whom, so nobody looks for it. The
    # names are those of logging's own HOWTO ("Optimization").
    logging._srcfile = None
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    _logger.handlers = [handler]
    _logger.propagate = False
    _logger.setLevel(logging.INFO)


@contextlib.contextmanager
def about(**fields: object) -> Iterator[None]:
    """Add fields to every event that this thread logs while the context lasts."""
    token = _about.set({**_about.get({}), **fields})
    try:
        yield
    finally:
        _about.reset(token)


def event(name: str, *, level: int = logging.INFO, **fields: object) -> None:
    """Log an event with fields to search for later: ids, counts, seconds. Never a secret.

    Nobody may change a field's value afterwards: another thread may read it a moment later.
    """
    _logger.log(level, name, extra={"fields": {**_about.get({}), **fields}})


def failure(name: str, **fields: object) -> None:
    """Log an event that a person must act on, with the stack of the exception being handled."""
    _logger.error(name, exc_info=True, extra={"fields": {**_about.get({}), **fields}})


def line(record: logging.LogRecord) -> str:
    """Write a record as one line of JSON."""
    fields = {
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created)),
        "level": record.levelname,
        "event": record.getMessage(),
        **getattr(record, "fields", {}),
    }
    if record.exc_info:
        fields["stack"] = logging.Formatter().formatException(record.exc_info)
    return json.dumps(fields, default=str)


class _Formatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return line(record)
