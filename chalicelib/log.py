"""The log: one line of JSON an event, on standard error."""

import json
import logging
import sys
import time

_logger = logging.getLogger("hoststat")


def configure() -> None:
    """Send what is logged, by us and by Chalice for us, to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Formatter())
    _logger.handlers = [handler]
    _logger.propagate = False
    _logger.setLevel(logging.INFO)


def event(name: str, *, level: int = logging.INFO, **fields: object) -> None:
    """Log that something happened, with what is needed to find its like: ids, counts, seconds."""
    _logger.log(level, name, extra={"fields": fields})


def failure(name: str, **fields: object) -> None:
    """Log what a person must act on, with the stack of the exception in hand."""
    _logger.error(name, exc_info=True, extra={"fields": fields})


def line(record: logging.LogRecord) -> str:
    """A record as a line of the log."""
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
