"""Clients of AWS: how they are made, and what of their errors is an outage."""

from collections.abc import Callable
from typing import Any, TypeVar

import botocore.config
import botocore.session
from botocore import exceptions

from chalicelib import errors

Answer = TypeVar("Answer")

#: The defaults wait 60 s, longer than API Gateway itself.
_CONFIG = botocore.config.Config(
    connect_timeout=1,
    read_timeout=3,
    retries={"mode": "standard", "total_max_attempts": 3},
    max_pool_connections=50,
    # botocore builds its own anew for every call, in a fifth of its own time of it.
    user_agent="hoststat",
)
#: Read timeouts above the seconds that a long poll waits.
_PATIENT = _CONFIG.merge(botocore.config.Config(read_timeout=25))

#: What is not our fault; besides, every status from 500 on.
_TRANSIENT_STATUS = {408, 429}
_TRANSIENT = {
    "LimitExceededException",
    "ProvisionedThroughputExceededException",
    "ReplicatedWriteConflictException",
    "RequestLimitExceeded",
    "RequestTimeout",
    "Throttling",
    "ThrottlingException",
    "TransactionConflictException",
    "TransactionInProgressException",
}


def session() -> Any:
    """What clients are made from; two of one share what it has read. Not for many threads."""
    return botocore.session.get_session()


def client(session: Any, service: str, *, patient: bool = False) -> Any:
    """A new client of "dynamodb" or "sqs"; a `patient` one may long-poll."""
    return session.create_client(service, config=_PATIENT if patient else _CONFIG)


def ask(operation: Callable[..., Answer], **parameters: Any) -> Answer:
    """Call an operation of a client.

    Raises Outage where the service does not answer or is too busy, after botocore's own retries;
    any other ClientError as it is.
    """
    try:
        return operation(**parameters)
    except (exceptions.ConnectionError, exceptions.HTTPClientError) as exc:
        raise errors.Outage from exc
    except exceptions.ClientError as exc:
        status = exc.response["ResponseMetadata"]["HTTPStatusCode"]
        transient = status >= 500 or status in _TRANSIENT_STATUS
        if transient or exc.response["Error"]["Code"] in _TRANSIENT:
            raise errors.Outage from exc
        raise
