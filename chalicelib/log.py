"""The log: one line of JSON for each event, on standard error."""

import json
import logging
import sys
import time

_logger = logging.getLogger("hoststat")


def configure() -> None:
    """Send our events, and what Chalice logs for our app, to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Formatter())
    _logger.handlers = [handler]
    _logger.propagate = False
    _logger.setLevel(logging.INFO)


def event(name: str, *, level: int = logging.INFO, **fields: object) -> None:
    """Log an event with fields to search for later: ids, counts, seconds. Never a secret."""
    _logger.log(level, name, extra={"fields": fields})


def failure(name: str, **fields: object) -> None:
    """Log an event that a person must act on, with the stack of the exception being handled."""
    _logger.error(name, exc_info=True, extra={"fields": fields})


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
