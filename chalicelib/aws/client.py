"""Clients of AWS: how they are made, and which of their errors are an outage."""

import logging
from collections.abc import Callable
from typing import Any, TypeVar

import botocore.config
import botocore.session
from botocore import exceptions

from chalicelib import errors, log
from chalicelib.comparison import Comparison

Answer = TypeVar("Answer")

#: botocore's own timeouts are 60 s, longer than API Gateway waits for us.
_CONFIG = botocore.config.Config(
    connect_timeout=1,
    read_timeout=3,
    retries={"mode": "standard", "total_max_attempts": 3},
    max_pool_connections=50,
    # Otherwise botocore builds this text for every call, which takes a fifth of its own time.
    user_agent="hoststat",
)
#: For long polls: a read timeout above the 20 s that SQS may wait.
_LONG_POLL = _CONFIG.merge(botocore.config.Config(read_timeout=25))

#: Errors that say that we ask for too much.
_THROTTLING = {
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "Throttling",
    "ThrottlingException",
}
#: Errors that are over after a while, like every status from 500 on.
_TRANSIENT_STATUS = {408, 429}
_TRANSIENT = _THROTTLING | {
    "LimitExceededException",
    "ReplicatedWriteConflictException",
    "RequestTimeout",
    "TransactionConflictException",
    "TransactionInProgressException",
}


def session() -> Any:
    """Make a botocore session. Its clients share what it has loaded; it is not thread-safe."""
    return botocore.session.get_session()


def client(
    session: Any, service: str, *, long_poll: bool = False, compare: Comparison | None = None
) -> Any:
    """Make a client of "dynamodb" or "sqs"; `long_poll` lets it wait up to 20 s for messages.

    `compare` hears the Date of each of its answers.
    """
    made = session.create_client(service, config=_LONG_POLL if long_poll else _CONFIG)
    if compare:
        _tell(made.meta.events, service, compare)
    return made


def _tell(events: Any, service: str, compare: Comparison) -> None:
    def begin(context: dict[str, Any], **_: Any) -> None:
        context["began"] = compare.begin()

    def end(parsed: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        headers = parsed.get("ResponseMetadata", {}).get("HTTPHeaders", {})
        compare.hear(headers.get("date"), context["began"])

    events.register(f"before-call.{service}", begin)
    events.register(f"after-call.{service}", end)


def ask(operation: Callable[..., Answer], **parameters: Any) -> Answer:
    """Call an operation of a client.

    Raises Outage if the service does not answer or is too busy, after botocore's own retries. Any
    other error of botocore is raised as it is.
    """
    try:
        return operation(**parameters)
    except (exceptions.ConnectionError, exceptions.HTTPClientError) as exc:
        raise errors.Outage(cause=exc) from exc
    except exceptions.ClientError as exc:
        status = exc.response["ResponseMetadata"]["HTTPStatusCode"]
        code = exc.response["Error"]["Code"]
        if code in _THROTTLING:
            log_throttle(exc.operation_name)
        if status >= 500 or status in _TRANSIENT_STATUS or code in _TRANSIENT:
            raise errors.Outage(cause=exc) from exc
        raise


def log_throttle(operation: str) -> None:
    """Log that an operation was throttled, also after all its tries. An alarm counts these."""
    log.event("throttled", level=logging.WARNING, operation=operation)
